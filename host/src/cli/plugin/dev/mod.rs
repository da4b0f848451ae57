//! `stoa plugin dev`: save a file and see it live, with what the plugin logs and uses.

mod host;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use notify::{Event, EventKind, RecursiveMode, Watcher as _};
use stoa_workshop::build::{self, Options};
use stoa_workshop::pack;
use stoa_workshop::project::Project;

use super::ProjectArgs;
use host::Host;

/// Editors write a file in several steps; silence this long means that they are through.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// How often the host is asked what it makes of the plugin.
const HEALTH_EVERY: Duration = Duration::from_millis(500);
/// Folders of a project that tools write, whose changes say nothing of the plugin.
const MADE: &[&str] = &["dist", "target", "node_modules", "__pycache__"];

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// The plugin folder of a running host.
    #[arg(long)]
    plugins_dir: PathBuf,
    /// That host, which says what it makes of each version.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    host: String,
    /// Compile as for shipping.
    #[arg(long)]
    release: bool,
}

/// Builds at every save until somebody stops it.
pub fn run(args: &Args) -> Result<()> {
    let folder = args.project.open()?.folder;
    if !args.plugins_dir.is_dir() {
        bail!("{} is no folder", args.plugins_dir.display());
    }
    let mut host = Host::at(&args.host)?;
    let (sender, changes) = channel();
    let mut watcher = notify::recommended_watcher(move |event| {
        // Nobody receives any more when the command is about to end.
        let _ = sender.send(event);
    })?;
    watcher
        .watch(&folder, RecursiveMode::Recursive)
        .with_context(|| folder.display().to_string())?;
    let mut handed = None;
    rebuild(args, &mut handed);
    loop {
        if has_changed(&folder, &changes)? {
            rebuild(args, &mut handed);
        }
        // Its name may be another one since the last save.
        if let Ok(project) = Project::open(&folder) {
            host.look(&project);
        }
    }
}

/// Builds and hands over; what is wrong is said, and the host goes on with what it has.
fn rebuild(args: &Args, handed: &mut Option<String>) {
    let begun = Instant::now();
    match built(args, handed) {
        Ok(Some(name)) => eprintln!(
            "{name} built and handed over in {} ms",
            begun.elapsed().as_millis()
        ),
        Ok(None) => eprintln!("nothing changed"),
        Err(error) => eprintln!("not built: {error:#}"),
    }
}

/// The plugin's name, if the host got another file than it has. `handed` is the name under which it got the last one.
fn built(args: &Args, handed: &mut Option<String>) -> Result<Option<String>> {
    let project = args.project.open()?;
    let options = Options {
        quick: !args.release,
        consent: args.project.consent(),
    };
    let built = build::build(&project, options)?;
    let plugin = std::fs::read(&built.file).with_context(|| built.file.display().to_string())?;
    let name = project.manifest.name;
    let file = args.plugins_dir.join(format!("{name}.wasm"));
    let is_other = pack::install(&plugin, &file)?;
    if let Some(old) = handed.replace(name.clone())
        && old != name
    {
        let old = args.plugins_dir.join(format!("{old}.wasm"));
        std::fs::remove_file(&old).with_context(|| old.display().to_string())?;
    }
    Ok(is_other.then_some(name))
}

/// Waits for the end of a burst of changes; false when nothing happened for a while.
fn has_changed(folder: &Path, changes: &Receiver<notify::Result<Event>>) -> Result<bool> {
    let mut paths = BTreeSet::new();
    let mut wait = HEALTH_EVERY;
    loop {
        match changes.recv_timeout(wait) {
            Ok(Ok(event)) if !matches!(event.kind, EventKind::Access(_)) => {
                let sources = event.paths.into_iter();
                paths.extend(sources.filter(|path| is_source(folder, path)));
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return Ok(!paths.is_empty()),
            Err(RecvTimeoutError::Disconnected) => bail!("the watcher of files stopped"),
        }
        if !paths.is_empty() {
            wait = DEBOUNCE;
        }
    }
}

/// Whether a file is something that people edit.
fn is_source(folder: &Path, path: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(folder) else {
        return false;
    };
    inside.components().all(|part| {
        let part = part.as_os_str().to_string_lossy();
        !part.starts_with('.') && !part.ends_with('~') && !MADE.contains(&part.as_ref())
    }) && inside.extension().is_some()
        && inside.file_name().is_none_or(|name| name != "Cargo.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_people_edit_is_built() {
        let folder = Path::new("/p");
        for (path, expected) in [
            ("/p/src/lib.rs", true),
            ("/p/plugin.toml", true),
            ("/p/schemas/Note.json", true),
            ("/p/dist/notes.wasm", false),
            ("/p/.stoa/made/entry.js", false),
            ("/p/src/.lib.rs.swp", false),
            ("/p/src/lib.rs~", false),
            ("/p/node_modules/x/index.js", false),
            ("/q/lib.rs", false),
        ] {
            assert_eq!(is_source(folder, Path::new(path)), expected, "{path}");
        }
    }
}
