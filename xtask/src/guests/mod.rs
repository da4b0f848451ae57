//! `cargo xtask guests`: every plugin from its sources to an installed component.

mod compile;
mod discover;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::pack::{self, Schemas};
use crate::prerequisites::Consent;
use crate::workspace::{self, Workspace};
use stoa_workshop::rust::toolchain::Toolchain;

pub use compile::Profile;
pub use discover::Guest;

#[derive(clap::Args)]
pub struct Args {
    /// How to compile: `guest` for shipping, `guest-dev` for speed while developing.
    #[arg(long, value_enum, default_value_t = Profile::Guest)]
    profile: Profile,
    /// Where the plugins go; `<target>/plugins` if absent.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The guests of tests instead of the plugins; they go to `<target>/test-plugins`.
    #[arg(long)]
    test: bool,
    /// Install missing Debian packages without asking.
    #[arg(long)]
    yes: bool,
    /// Only these, by the name of the package or of the plugin; all if none is given.
    names: Vec<String>,
}

/// Guests that are installed into one folder.
pub struct Batch {
    /// What to build.
    pub guests: Vec<Guest>,
    /// Where it goes.
    pub out: PathBuf,
    /// Whether the folder holds nothing but these: anything else there is left over and removed.
    pub is_all: bool,
}

impl Batch {
    /// All plugins, into their usual folder.
    pub fn plugins(workspace: &Workspace) -> Result<Self> {
        Ok(Self {
            guests: discover::plugins(workspace)?,
            out: workspace.plugins_dir(),
            is_all: true,
        })
    }

    /// All guests of tests, into their usual folder.
    pub fn test_guests(workspace: &Workspace) -> Result<Self> {
        Ok(Self {
            guests: discover::test_guests(workspace)?,
            out: workspace.test_plugins_dir(),
            is_all: true,
        })
    }

    /// Removes what is installed there and is none of these.
    pub fn remove_others(&self) -> Result<()> {
        let names = self
            .guests
            .iter()
            .map(|guest| Ok(pack::read_manifest(&guest.manifest)?.name));
        remove_others(&self.out, &names.collect::<Result<_>>()?)
    }

    /// Only those of these names.
    pub fn only(mut self, names: &[String]) -> Result<Self> {
        if let Some(unknown) = names
            .iter()
            .find(|name| !self.guests.iter().any(|guest| guest.is_called(name)))
        {
            let known: Vec<&str> = self
                .guests
                .iter()
                .map(|guest| guest.package.as_str())
                .collect();
            bail!(
                "there is no plugin {unknown}; there are: {}",
                known.join(", ")
            );
        }
        if !names.is_empty() {
            self.guests
                .retain(|guest| names.iter().any(|name| guest.is_called(name)));
            self.is_all = false;
        }
        Ok(self)
    }
}

pub fn run(args: &Args) -> Result<()> {
    let workspace = Workspace::load()?;
    let batch = if args.test {
        Batch::test_guests(&workspace)?
    } else {
        Batch::plugins(&workspace)?
    };
    let mut batch = batch.only(&args.names)?;
    if let Some(out) = &args.out {
        batch.out.clone_from(out);
        batch.is_all = false;
    }
    build(
        &workspace,
        args.profile,
        Consent::from_flag(args.yes),
        &[batch],
    )
}

/// Compiles all guests of all batches by one call of cargo and installs them.
pub fn build(
    workspace: &Workspace,
    profile: Profile,
    consent: Consent,
    batches: &[Batch],
) -> Result<()> {
    let guests: Vec<&Guest> = batches.iter().flat_map(|batch| &batch.guests).collect();
    if !guests.is_empty() {
        let toolchain = Toolchain::ensure(workspace::root(), consent)?;
        compile::compile(&toolchain, workspace, profile, &guests)?;
    }
    batches
        .iter()
        .try_for_each(|batch| install_batch(workspace, profile, batch))
}

fn install_batch(workspace: &Workspace, profile: Profile, batch: &Batch) -> Result<()> {
    fs::create_dir_all(&batch.out).with_context(|| batch.out.display().to_string())?;
    let mut names = BTreeSet::new();
    for guest in &batch.guests {
        let name = install(workspace, profile, guest, &batch.out)?;
        if !names.insert(name.clone()) {
            bail!(
                "two plugins are called {name}; the second is {}",
                guest.folder.display()
            );
        }
    }
    if batch.is_all {
        remove_others(&batch.out, &names)
    } else {
        Ok(())
    }
}

/// Packs one plugin and answers its name.
fn install(workspace: &Workspace, profile: Profile, guest: &Guest, out: &Path) -> Result<String> {
    let module = compile::module(workspace, profile, guest);
    let binary = fs::read(&module).with_context(|| module.display().to_string())?;
    let manifest = pack::read_manifest(&guest.manifest)?;
    let name = manifest.name.clone();
    let plugin =
        pack::pack(&binary, manifest, Schemas::new()).with_context(|| format!("plugin {name}"))?;
    let file = out.join(&name).with_extension("wasm");
    if pack::install(&plugin, &file)? {
        println!(
            "installed {} ({} KiB)",
            file.display(),
            plugin.len().div_ceil(1024)
        );
    }
    Ok(name)
}

/// Removes plugins whose sources are gone.
fn remove_others(out: &Path, names: &BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(out)? {
        let file = entry?.path();
        let is_ours = file
            .file_stem()
            .and_then(OsStr::to_str)
            .is_some_and(|stem| names.contains(stem));
        if file.extension() == Some(OsStr::new("wasm")) && !is_ours {
            println!("removed {}: its sources are gone", file.display());
            fs::remove_file(&file)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_sources_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["kept.wasm", "gone.wasm", "notes.txt"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        remove_others(folder.path(), &BTreeSet::from(["kept".to_owned()])).unwrap();
        let left: BTreeSet<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(
            left,
            BTreeSet::from(["kept.wasm".into(), "notes.txt".into()])
        );
    }

    #[test]
    fn a_name_that_nobody_has_is_an_error_that_lists_those_there_are() {
        let guest = Guest::new("cart", "cart".into(), Path::new("plugins/cart"));
        let batch = Batch {
            guests: vec![guest],
            out: PathBuf::new(),
            is_all: true,
        };
        let error = batch.only(&["card".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("card") && error.contains("cart"), "{error}");
    }
}
