//! Which folders are plugins.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::{self, Package, Workspace};

/// Folders whose sub-folders are plugins.
const PLUGIN_ROOTS: &[&str] = &["plugins", "plugins/examples"];
/// Folders whose sub-folders are guests of tests.
const TEST_ROOTS: &[&str] = &["host/tests/guests"];
/// The manifest that makes a crate a plugin.
const MANIFEST: &str = "plugin.toml";

/// A crate that becomes a plugin.
#[derive(Debug)]
pub struct Guest {
    /// The crate's name.
    pub package: String,
    /// What cargo calls the module, without extension.
    pub module: String,
    /// Where its sources are.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: PathBuf,
}

impl Guest {
    /// A crate of this name, whose module cargo calls `module`.
    pub fn new(package: &str, module: String, folder: &Path) -> Self {
        Self {
            package: package.into(),
            module,
            folder: folder.into(),
            manifest: folder.join(MANIFEST),
        }
    }

    /// Whether somebody who says `name` means this one.
    pub fn is_called(&self, name: &str) -> bool {
        self.package == name || self.folder.file_name() == Some(OsStr::new(name))
    }
}

/// The workspace's plugins.
pub fn plugins(workspace: &Workspace) -> Result<Vec<Guest>> {
    under(workspace, PLUGIN_ROOTS)
}

/// The guests of the host's tests.
pub fn test_guests(workspace: &Workspace) -> Result<Vec<Guest>> {
    under(workspace, TEST_ROOTS)
}

fn under(workspace: &Workspace, roots: &[&str]) -> Result<Vec<Guest>> {
    let mut guests = Vec::new();
    for root in roots {
        for folder in folders(&workspace::root().join(root))? {
            if folder.join(MANIFEST).exists() && folder.join("Cargo.toml").exists() {
                guests.push(guest(workspace, folder)?);
            }
        }
    }
    Ok(guests)
}

fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    if !root.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(root).with_context(|| root.display().to_string())?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    Ok(folders)
}

fn guest(workspace: &Workspace, folder: PathBuf) -> Result<Guest> {
    let Some(package) = workspace
        .packages
        .iter()
        .find(|package| package.folder() == folder)
    else {
        bail!(
            "{} is no member of the workspace; add it to Cargo.toml",
            folder.display()
        );
    };
    Ok(Guest::new(&package.name, cdylib(package)?, &folder))
}

fn cdylib(package: &Package) -> Result<String> {
    let target = package
        .targets
        .iter()
        .find(|target| target.kind.iter().any(|kind| kind == "cdylib"));
    let target = target.with_context(|| {
        format!(
            "{}: a plugin's Cargo.toml needs [lib] with crate-type = [\"cdylib\", \"rlib\"]",
            package.name
        )
    })?;
    Ok(target.name.replace('-', "_"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_plugin_of_this_workspace_is_found() {
        let guests = plugins(&Workspace::load().unwrap()).unwrap();
        for name in ["catalog", "cart"] {
            assert!(guests.iter().any(|guest| guest.is_called(name)), "{name}");
        }
    }

    #[test]
    fn a_plugin_outside_of_the_workspace_is_an_error_that_says_so() {
        let workspace = Workspace {
            packages: Vec::new(),
            target: PathBuf::new(),
        };
        let error = guest(&workspace, PathBuf::from("plugins/orders"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("plugins/orders"), "{error}");
    }
}
