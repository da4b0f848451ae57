//! `cargo xtask dev`: save a file and see it live.
//!
//! The watcher is a child of its own, and this process becomes the host: Ctrl-C reaches both, and the shell
//! waits for the host to stop in order.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use notify::event::{ModifyKind, RemoveKind, RenameMode};
use notify::{Event, EventKind, RecursiveMode, Watcher};

use crate::guests::{self, Batch, Guest, Profile};
use crate::prerequisites::Consent;
use crate::serve;
use crate::workspace::{self, Workspace};

/// Editors write a file in several steps; silence this long means that they are through.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// How often the watcher looks whether the host is still there.
const PARENT_CHECK: Duration = Duration::from_millis(500);
/// What plugins are made of besides their own folders: a change here rebuilds them all.
const SHARED: &[&str] = &["wit", "sdk-guest"];

#[derive(clap::Args)]
pub struct Args {
    /// Install missing Debian packages without asking.
    #[arg(long)]
    yes: bool,
    /// Watch for this process instead of starting a host.
    #[arg(long, hide = true)]
    watch_for: Option<u32>,
}

/// What a change asks for.
#[derive(Debug, Default, PartialEq, Eq)]
enum Work {
    #[default]
    Nothing,
    Some(BTreeSet<String>),
    Everything,
}

pub fn run(args: &Args) -> Result<()> {
    let consent = Consent::from_flag(args.yes);
    if let Some(host) = args.watch_for {
        return watch(host, consent);
    }
    let workspace = Workspace::load()?;
    let stoa = serve::prepare(&workspace, Profile::GuestDev, consent)?;
    let mut watcher = Command::new(std::env::current_exe()?);
    watcher
        .args(["dev", "--watch-for", &std::process::id().to_string()])
        .spawn()
        .context("cannot start the watcher")?;
    Err(serve::become_host(&workspace, stoa)?)
}

/// Rebuilds what changes until the host, our parent, is gone.
fn watch(host: u32, consent: Consent) -> Result<()> {
    let (sender, changes) = channel();
    let mut watcher = notify::recommended_watcher(move |event| {
        // Nobody receives any more when the watcher is about to end.
        let _ = sender.send(event);
    })?;
    // Cargo.toml at the top says which plugins there are.
    watcher.watch(workspace::root(), RecursiveMode::NonRecursive)?;
    for folder in SHARED.iter().chain(&["plugins"]) {
        watcher
            .watch(&workspace::root().join(folder), RecursiveMode::Recursive)
            .with_context(|| (*folder).to_owned())?;
    }
    // What was saved while the host was built.
    rebuild(consent, None);
    while parent_id() == host {
        let paths = next_paths(&changes)?;
        if !paths.is_empty() {
            rebuild(consent, Some(&paths));
        }
    }
    Ok(())
}

/// The paths of one burst of changes; none when nothing happened for a while.
fn next_paths(changes: &Receiver<notify::Result<Event>>) -> Result<BTreeSet<PathBuf>> {
    let mut paths = BTreeSet::new();
    let mut wait = PARENT_CHECK;
    loop {
        match changes.recv_timeout(wait) {
            Ok(Ok(event)) if is_write(&event.kind) => {
                let is_folder = |path: &PathBuf| path.is_dir() || is_gone(&event.kind);
                let matters = |path: &PathBuf| {
                    is_source(path) || (path.extension().is_none() && is_folder(path))
                };
                paths.extend(event.paths.iter().filter(|path| matters(path)).cloned());
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return Ok(paths),
            Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the watcher of files stopped"),
        }
        if !paths.is_empty() {
            wait = DEBOUNCE;
        }
    }
}

/// Whether a folder may be what went away or has another name now.
const fn is_gone(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Remove(RemoveKind::Folder)
            | EventKind::Modify(ModifyKind::Name(RenameMode::From))
    )
}

const fn is_write(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)
    )
}

/// Whether a file is something that people edit.
fn is_source(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    matches!(extension, "rs" | "toml" | "wit" | "json")
}

fn work(paths: &BTreeSet<PathBuf>, guests: &[Guest]) -> Work {
    let mut packages = BTreeSet::new();
    for path in paths {
        let top = workspace::root();
        let is_shared = SHARED
            .iter()
            .any(|folder| path.starts_with(top.join(folder)));
        if is_shared || *path == top.join("Cargo.toml") {
            return Work::Everything;
        }
        let owners = guests
            .iter()
            .filter(|guest| path.starts_with(&guest.folder));
        packages.extend(owners.map(|guest| guest.package.clone()));
    }
    if packages.is_empty() {
        Work::Nothing
    } else {
        Work::Some(packages)
    }
}

/// Rebuilds what these paths are of, or everything. Cargo's own output says what is wrong, and the host goes on with
/// what it has.
fn rebuild(consent: Consent, paths: Option<&BTreeSet<PathBuf>>) {
    let begun = Instant::now();
    match rebuilt(consent, paths) {
        Ok(true) => eprintln!("rebuilt in {} ms", begun.elapsed().as_millis()),
        Ok(false) => {}
        Err(error) => eprintln!("not rebuilt: {error:#}"),
    }
}

/// Whether there was anything to build. Plugins whose sources are gone or have another name are removed.
fn rebuilt(consent: Consent, paths: Option<&BTreeSet<PathBuf>>) -> Result<bool> {
    let workspace = Workspace::load()?;
    let all = || Batch::plugins(&workspace);
    let batch = all()?;
    let batch = match paths.map_or(Work::Everything, |paths| work(paths, &batch.guests)) {
        Work::Nothing => None,
        Work::Everything => Some(batch),
        Work::Some(packages) => Some(batch.only(&Vec::from_iter(packages))?),
    };
    if let Some(batch) = &batch {
        guests::build(
            &workspace,
            Profile::GuestDev,
            consent,
            std::slice::from_ref(batch),
        )?;
    }
    all()?.remove_others()?;
    Ok(batch.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guests() -> Vec<Guest> {
        ["cart", "catalog"]
            .map(|name| {
                Guest::new(
                    name,
                    name.into(),
                    &workspace::root().join("plugins").join(name),
                )
            })
            .into()
    }

    fn work_for(paths: &[&str]) -> Work {
        work(
            &paths
                .iter()
                .map(|path| workspace::root().join(path))
                .collect(),
            &guests(),
        )
    }

    #[test]
    fn only_the_plugin_that_changed_is_rebuilt() {
        assert_eq!(
            work_for(&["plugins/cart/src/lib.rs"]),
            Work::Some(BTreeSet::from(["cart".to_owned()]))
        );
        assert_eq!(work_for(&["README.md"]), Work::Nothing);
        assert_eq!(work_for(&["Cargo.toml"]), Work::Everything);
        assert_eq!(
            work_for(&["plugins/cart/plugin.toml", "wit/world.wit"]),
            Work::Everything
        );
    }

    #[test]
    fn what_editors_leave_behind_is_no_source() {
        for (name, expected) in [
            ("lib.rs", true),
            ("plugin.toml", true),
            ("lib.rs~", false),
            (".lib.rs.swp", false),
            ("4913", false),
        ] {
            assert_eq!(is_source(Path::new(name)), expected, "{name}");
        }
    }
}
