//! Guests from Rust to core modules.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use super::Guest;
use crate::process;
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::{self, Workspace};

/// A guest's stack: handlers are shallow, and what is smaller starts sooner.
const STACK_BYTES: u32 = 64 << 10;
/// A guest's memory at birth: enough that an ordinary request never grows it, which would cost the host two
/// system calls each time; little enough to stay resident between instances.
const INITIAL_MEMORY_BYTES: u32 = 1 << 20;

/// How guests are compiled; the names are those of the profiles in Cargo.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Small and quick: what is shipped.
    Guest,
    /// Compiled quickly.
    GuestDev,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::GuestDev => "guest-dev",
        }
    }
}

/// Compiles the guests by one call of cargo.
pub fn compile(
    toolchain: &Toolchain,
    workspace: &Workspace,
    profile: Profile,
    guests: &[&Guest],
) -> Result<()> {
    let mut cargo = toolchain.cargo_build();
    cargo
        .current_dir(workspace::root())
        .args(["--lib", "--profile", profile.name()]);
    cargo.arg("--target-dir").arg(workspace.guests_target());
    for guest in guests {
        cargo.args(["--package", &guest.package]);
    }
    cargo
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", rustflags());
    process::run(&mut cargo)
}

/// Where cargo leaves the guest's core module.
pub fn module(workspace: &Workspace, profile: Profile, guest: &Guest) -> PathBuf {
    let folder = workspace.guests_target().join(TARGET).join(profile.name());
    folder.join(&guest.module).with_extension("wasm")
}

fn rustflags() -> String {
    format!(
        "-C link-arg=-zstack-size={STACK_BYTES} -C link-arg=--initial-memory={INITIAL_MEMORY_BYTES}"
    )
}

const _: () = assert!(STACK_BYTES < INITIAL_MEMORY_BYTES / 2);
