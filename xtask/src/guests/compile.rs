//! Guests from Rust to core modules.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use super::Guest;
use crate::process;
use crate::workspace::{self, Workspace};
use stoa_workshop::rust::toolchain::{TARGET, Toolchain};

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
    process::run(&mut cargo)
}

/// Where cargo leaves the guest's core module.
pub fn module(workspace: &Workspace, profile: Profile, guest: &Guest) -> PathBuf {
    let folder = workspace.guests_target().join(TARGET).join(profile.name());
    folder.join(&guest.module).with_extension("wasm")
}
