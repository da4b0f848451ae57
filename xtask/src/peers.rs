//! Servers of other people that tests talk to, each with its npm packages in a folder under the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::prerequisites::{self, Consent, Tool};
use crate::process;
use crate::workspace::{self, Workspace};

/// What installs and runs them.
const TOOLS: &[Tool] = &[Tool::NODE, Tool::NPM];
/// Where their sources are, a folder each.
const SOURCES: &str = "host/tests/peers";
/// The file that names every package with its version and digest.
const LOCK: &str = "package-lock.json";
/// The lock file by which a folder was installed, written when it is complete.
const STAMP: &str = "installed.json";

/// Makes sure that a peer is installed as its lock file says; answers its folder.
pub fn ensure(workspace: &Workspace, consent: Consent, name: &str) -> Result<PathBuf> {
    prerequisites::ensure(TOOLS, &[], consent)?;
    let folder = workspace.target.join("test-peers").join(name);
    copy(&workspace::root().join(SOURCES).join(name), &folder)?;
    let lock =
        fs::read(folder.join(LOCK)).with_context(|| folder.join(LOCK).display().to_string())?;
    let stamp = folder.join(STAMP);
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(folder);
    }
    let mut npm = Command::new("npm");
    process::output(npm.args(["ci", "--silent"]).current_dir(&folder))?;
    fs::write(&stamp, lock).with_context(|| stamp.display().to_string())?;
    Ok(folder)
}

/// Copies the files of a folder, so that nothing is installed among the sources.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, to.join(name)).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}
