//! Guests from Rust to core modules.

use std::collections::{BTreeMap, BTreeSet};
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

/// The crate that every guest is written with.
const SDK: &str = "stoa-guest";

/// Compiles the guests: for shipping by one call of cargo, while developing by one for those that use the same crates.
/// What one call compiles shares its crates' features; the crates of a plugin that is saved are to be those that were
/// compiled with all of them.
pub fn compile(
    toolchain: &Toolchain,
    workspace: &Workspace,
    profile: Profile,
    guests: &[&Guest],
) -> Result<()> {
    let calls = match profile {
        Profile::Guest => vec![guests.to_vec()],
        Profile::GuestDev => alike(workspace, guests),
    };
    for guests in calls {
        let mut cargo = toolchain.cargo_build();
        cargo
            .current_dir(workspace::root())
            .args(["--lib", "--profile", profile.name()]);
        cargo.arg("--target-dir").arg(workspace.guests_target());
        for guest in guests {
            cargo.args(["--package", &guest.package]);
        }
        process::run(&mut cargo)?;
    }
    Ok(())
}

/// Guests by what they use beyond the SDK and its crates.
fn alike<'g>(workspace: &Workspace, guests: &[&'g Guest]) -> Vec<Vec<&'g Guest>> {
    let used = |package: &str| -> BTreeSet<&str> {
        let mut packages = workspace.packages.iter();
        let found = packages.find(|known| known.name == package);
        let used = found.into_iter().flat_map(|found| &found.dependencies);
        used.filter(|used| used.kind.as_deref() != Some("dev"))
            .map(|used| used.name.as_str())
            .collect()
    };
    let mut common = used(SDK);
    common.insert(SDK);
    let mut groups: BTreeMap<BTreeSet<&str>, Vec<&Guest>> = BTreeMap::new();
    for guest in guests {
        let own = &used(&guest.package) - &common;
        groups.entry(own).or_default().push(guest);
    }
    groups.into_values().collect()
}

/// Where cargo leaves the guest's core module.
pub fn module(workspace: &Workspace, profile: Profile, guest: &Guest) -> PathBuf {
    let folder = workspace.guests_target().join(TARGET).join(profile.name());
    folder.join(&guest.module).with_extension("wasm")
}
