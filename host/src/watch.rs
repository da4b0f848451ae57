//! Watches the plugin folder and the configuration file, and tells the runtime what has changed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use stoa_runtime::{Policy, Runtime};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// How long a file must be quiet before it is read: a copy arrives in many writes, a rename in one.
const SETTLE_MS: u64 = 20;

/// How long changes are waited for at most: somebody who never stops writing does not keep others from being heard.
const SETTLE_MS_MAX: u64 = 1_000;

/// How long the configuration file must be as it is before it is read: one that is cut off may be a good one that denies nothing.
const CONFIG_SETTLE: Duration = Duration::from_millis(500);

/// How often the configuration file is looked at until it stays as it is.
const CONFIG_LOOKS_MAX: u32 = 20;

/// What Kubernetes replaces beside a mounted configuration file when its text changes.
const MOUNTED: &str = "..data";

/// Reads the operator's word about plugins from the configuration file again.
pub type ReadPolicy = Arc<dyn Fn() -> anyhow::Result<Policy> + Send + Sync>;

/// Paths that have changed and were not looked at yet, each once, however long a plugin takes to compile meanwhile.
type Changed = Arc<Mutex<BTreeSet<PathBuf>>>;

/// Watches until it is dropped.
pub struct Watcher {
    _watcher: RecommendedWatcher,
}

/// Every plugin file in a folder, by name.
///
/// # Errors
/// When the folder can't be read.
pub fn plugin_files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(dir).with_context(|| format!("the plugin folder {}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_plugin(path))
        .collect();
    files.sort();
    Ok(files)
}

/// Starts watching a plugin folder and, if there is one, the configuration file.
///
/// # Errors
/// When the system refuses to watch.
pub fn watch(
    dir: &Path,
    config: Option<(PathBuf, ReadPolicy)>,
    runtime: Arc<Runtime>,
) -> anyhow::Result<Watcher> {
    // One word that there is something is enough.
    let (bell, rung) = mpsc::channel(1);
    let changed = Changed::default();
    let noted = Arc::clone(&changed);
    let file = config.as_ref().map(|(file, _)| file.clone());
    // Logs and data may lie in the same folders.
    let named = file.clone();
    let matters = move |path: &Path| {
        let is_config = |file: &PathBuf| path.file_name() == file.file_name() || is_mount(path);
        is_plugin(path) || named.as_ref().is_some_and(is_config)
    };
    let plugins = dir.to_path_buf();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        // The system has lost count of changes: anything may be one.
        let paths = match event.need_rescan() {
            true => plugin_files(&plugins)
                .into_iter()
                .flatten()
                .chain(file.clone())
                .collect(),
            false => event.paths,
        };
        if !matches!(event.kind, EventKind::Access(_)) {
            let mut paths = paths.into_iter().filter(|path| matters(path)).peekable();
            if paths.peek().is_some() {
                lock(&noted).extend(paths);
                let _ = bell.try_send(());
            }
        }
    })?;
    watcher.watch(dir, RecursiveMode::NonRecursive)?;
    if let Some(folder) = config.as_ref().and_then(|(file, _)| file.parent()) {
        // The folder, because editors replace files rather than change them.
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
    }
    tokio::spawn(follow(dir.to_path_buf(), config, runtime, changed, rung));
    Ok(Watcher { _watcher: watcher })
}

async fn follow(
    dir: PathBuf,
    config: Option<(PathBuf, ReadPolicy)>,
    runtime: Arc<Runtime>,
    changed: Changed,
    mut rung: mpsc::Receiver<()>,
) {
    while rung.recv().await.is_some() {
        let until = Instant::now() + Duration::from_millis(SETTLE_MS_MAX);
        while Instant::now() < until
            && let Ok(Some(())) = timeout(Duration::from_millis(SETTLE_MS), rung.recv()).await
        {
        }
        let mut is_otherwise = false;
        let paths = std::mem::take(&mut *lock(&changed));
        for path in paths {
            match &config {
                Some((file, read)) if is_of(&path, file) => {
                    apply_policy(&runtime, file, read).await;
                }
                _ if is_plugin(&path)
                    && path.parent().is_some_and(|parent| same_file(parent, &dir)) =>
                {
                    let path = dir.join(path.file_name().unwrap_or_default());
                    if path.exists() {
                        // The reason of a refusal is in the log and in `/health`.
                        is_otherwise |= runtime.load(&path).await.is_ok();
                    } else {
                        runtime.unload(&path).await;
                        is_otherwise = true;
                    }
                }
                _ => {}
            }
        }
        if is_otherwise {
            runtime.load_waiting().await;
        }
    }
}

fn lock(changed: &Changed) -> MutexGuard<'_, BTreeSet<PathBuf>> {
    changed.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn apply_policy(runtime: &Runtime, file: &Path, read: &ReadPolicy) {
    match written(file).await.and_then(|()| read()) {
        Ok(policy) => runtime.set_policy(policy).await,
        Err(error) => tracing::error!(
            error = format!("{error:#}"),
            "the changed configuration is refused; the old one goes on"
        ),
    }
}

/// Waits until a file is written.
///
/// # Errors
/// When it is empty: whoever writes it has only begun.
async fn written(file: &Path) -> anyhow::Result<()> {
    let look = || fs::metadata(file).map(|found| (found.len(), found.modified().ok()));
    let mut seen = look()?;
    for _ in 0..CONFIG_LOOKS_MAX {
        sleep(CONFIG_SETTLE).await;
        let before = std::mem::replace(&mut seen, look()?);
        if seen == before {
            break;
        }
    }
    anyhow::ensure!(seen.0 > 0, "{} is empty", file.display());
    Ok(())
}

/// Whether a change of this path is one of the configuration file.
fn is_of(path: &Path, file: &Path) -> bool {
    let beside = || Some(same_file(path.parent()?, file.parent()?));
    same_file(path, file) || (is_mount(path) && beside().unwrap_or(false))
}

fn is_mount(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new(MOUNTED))
}

/// Whether two paths name the same file, whether or not it exists right now.
fn same_file(a: &Path, b: &Path) -> bool {
    let resolve = |path: &Path| match (
        path.parent().and_then(|parent| parent.canonicalize().ok()),
        path.file_name(),
    ) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => path.canonicalize().unwrap_or_else(|_| path.to_path_buf()),
    };
    a == b || resolve(a) == resolve(b)
}

/// Plugins are `*.wasm`; names that begin with a dot are copies under way.
fn is_plugin(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "wasm")
        && path
            .file_name()
            .is_some_and(|name| !name.to_string_lossy().starts_with('.'))
}
