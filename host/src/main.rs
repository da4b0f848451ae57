//! Stoa's binary: assembly only. `cli` says what it can be asked to do, `wiring` how the host is put together.

mod blobs;
mod bootstrap;
mod certificates;
mod cli;
mod config;
mod demo;
mod descriptors;
mod events;
mod keyfile;
mod live;
mod mail;
mod office;
mod people;
mod plugins;
mod quotas;
mod rehearsal;
mod shutdown;
mod system;
mod telemetry;
mod watch;
mod wiring;

use std::process::ExitCode;

/// Many small allocations from many threads: what a request is made of.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
