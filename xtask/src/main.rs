//! Developer commands: `cargo xtask --help` lists them.

mod bench;
mod demo;
mod dev;
mod guests;
mod lint;
mod peers;
mod python;
mod reference;
mod running;
mod serve;
mod standins;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
// What authors' commands do in the same way.
use stoa_workshop::{client, pack, prerequisites, process, sections};

/// Stoa's developer commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds plugins and installs them as components.
    Guests(guests::Args),
    /// Builds everything and runs a host with demo data on config/dev.toml.
    Serve(serve::Args),
    /// Like serve; rebuilds a plugin as soon as one of its files is saved.
    Dev(dev::Args),
    /// Walks through a running host as people do: from signing up to a vendor's payout.
    Demo(demo::Args),
    /// Runs stand-ins of Stripe, Razorpay and Twilio for that host.
    Standins(standins::Args),
    /// Formatting, clippy and tidy.
    Lint,
    /// Checks the house rules that the compiler does not know.
    Tidy,
    /// Builds the guests and runs every test.
    Test(test::Args),
    /// Writes the page about the interfaces between plugins and host.
    Reference,
    /// Measures Stoa beside the same service in Node.js.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Guests(args) => guests::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Standins(args) => standins::run(&args),
        Command::Lint => lint::run(),
        Command::Tidy => tidy::run(),
        Command::Test(args) => test::run(&args),
        Command::Reference => reference::run(),
        Command::Bench(args) => bench::run(&args),
    }
}
