//! The runtime as the rest of the host sees it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use stoa_kernel::answer::InFlight;
use stoa_kernel::crash::{self, CrashPoint};
use stoa_kernel::limits::CallLimits;
use stoa_kernel::live::history_collections;
use stoa_kernel::plugins::{Plugins, Snapshot};
use stoa_kernel::status::PartStatus;
use stoa_kernel::store::{Realm, StoreError};
use stoa_wit::Collection;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, watch};

use crate::activation::{self, ActivationError, Candidate};
use crate::aot::AotCache;
use crate::artifact::{HOST_PLUGIN, ImportError};
use crate::cache::PluginCache;
use crate::compile::{self, CompileError, Loader};
use crate::config::{Policy, RuntimeConfig};
use crate::engine::{self, Ticker};
use crate::events;
use crate::interface::mail::LETTERS;
use crate::linking::{LinkError, Used};
use crate::migration::MIGRATIONS;
use crate::registry::{Held, Live};
use crate::scope::Ports;
use crate::slow_lane::SlowLane;
use crate::tenants::Tenants;

/// Why the runtime could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The engine refuses this machine.
    #[error("the WebAssembly engine: {0}")]
    Engine(String),
    /// The folder of compiled code, or a thread.
    #[error("starting the runtime: {0}")]
    Io(#[from] io::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What all requests share.
pub(crate) struct Core {
    pub config: RuntimeConfig,
    pub policy: ArcSwap<Policy>,
    pub ports: Ports,
    pub loader: Loader,
    pub cache: Arc<PluginCache>,
    pub tenants: Tenants,
    pub in_flight: InFlight,
    pub slow_lane: SlowLane,
    _ticker: Ticker,
}

/// What is known of one plugin file.
#[derive(Debug, Clone, Default)]
struct FileState {
    plugin: Option<Arc<str>>,
    refused: Option<String>,
}

/// The plugins and everything that they run on.
pub struct Runtime {
    pub(crate) core: Arc<Core>,
    live: ArcSwap<Held>,
    /// Counts the sets that were live.
    sets: watch::Sender<u64>,
    uses: RwLock<BTreeMap<Arc<str>, Arc<Used>>>,
    files: RwLock<BTreeMap<PathBuf, FileState>>,
    changing: Mutex<()>,
}

impl Runtime {
    /// Starts with no plugins.
    ///
    /// # Errors
    /// Every [`StartError`].
    pub async fn start(config: RuntimeConfig, ports: Ports) -> Result<Arc<Self>, StartError> {
        let engine = engine::build(config.instances_max, &config.limits_cap)
            .map_err(|error| StartError::Engine(format!("{error:#}")))?;
        let ticker = Ticker::start(&engine)?;
        let aot = AotCache::open(&config.aot_dir, &*ports.random)?;
        ports
            .store
            .declare(
                Realm::Tenants,
                HOST_PLUGIN,
                &[MIGRATIONS, LETTERS]
                    .into_iter()
                    .map(|name| (name.into(), Collection::default()))
                    .chain(history_collections())
                    .collect::<Vec<_>>(),
            )
            .await?;
        events::declare(&*ports.store).await?;
        let core = Arc::new(Core {
            loader: Loader::new(engine, aot, config.compiler.clone()),
            cache: Arc::new(PluginCache::new(config.cache_bytes_max)),
            tenants: Tenants::new(config.tenant_concurrency_max),
            in_flight: InFlight::default(),
            slow_lane: SlowLane::default(),
            policy: ArcSwap::from_pointee(config.policy.clone()),
            config,
            ports,
            _ticker: ticker,
        });
        let empty = Live::build(Arc::downgrade(&core), BTreeMap::new(), &BTreeMap::new())
            .map_err(|error| StartError::Engine(error.to_string()))?;
        Ok(Arc::new(Self {
            core,
            live: ArcSwap::from_pointee(Held(Arc::new(empty))),
            sets: watch::Sender::new(0),
            uses: RwLock::default(),
            files: RwLock::default(),
            changing: Mutex::default(),
        }))
    }

    /// Loads a new or changed file, or says why not. Until it is live, and if it is refused, whatever
    /// served before goes on. Requests under way keep the version that they began with.
    ///
    /// # Errors
    /// Every [`ActivationError`]; [`Runtime::status`] shows it too.
    pub async fn load(&self, file: &Path) -> Result<(), ActivationError> {
        // Held while the file is read, too: of two changes the later one must win.
        let _alone = self.changing.lock().await;
        let candidate = match activation::prepare(&self.core, file).await {
            Ok(candidate) => candidate,
            Err(error) => return Err(self.refuse(file, error)),
        };
        match self.activate(file, &candidate).await {
            Ok(()) => {
                tracing::info!(plugin = ?candidate.revision, file = %file.display(), "plugin is live");
                Ok(())
            }
            Err(error) => Err(self.refuse(file, error)),
        }
    }

    async fn activate(&self, file: &Path, candidate: &Candidate) -> Result<(), ActivationError> {
        let name = candidate.revision.name.clone();
        if let Some(other) = self.other_file(file, &name) {
            return Err(ActivationError::NameTaken(name.to_string(), other));
        }
        let before = Arc::clone(&self.live.load().0);
        let mut plugins = before.plugins().clone();
        let mut uses = self
            .uses
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let renamed = self.plugin_of(file).filter(|old| *old != name);
        if let Some(renamed) = &renamed {
            plugins.remove(renamed);
            uses.remove(renamed);
        }
        plugins.insert(name.clone(), Arc::clone(&candidate.revision));
        uses.insert(name.clone(), Arc::clone(&candidate.used));
        let live = Arc::new(Live::build(Arc::downgrade(&self.core), plugins, &uses)?);
        if let Err(error) = activation::rehearse(&self.core, &live, candidate).await {
            candidate.revision.shelf.close();
            return Err(error);
        }
        crash::pass(CrashPoint::BeforeSwap, &name);
        self.set_live(live);
        for replaced in [Some(&name), renamed.as_ref()].into_iter().flatten() {
            if let Some(replaced) = before.plugins().get(replaced) {
                replaced.shelf.close();
            }
        }
        *self.uses.write().unwrap_or_else(PoisonError::into_inner) = uses;
        self.note(
            file,
            FileState {
                plugin: Some(name),
                refused: None,
            },
        );
        Ok(())
    }

    fn set_live(&self, live: Arc<Live>) {
        self.live.store(Arc::new(Held(live)));
        self.sets.send_modify(|sets| *sets += 1);
    }

    /// The set that is live.
    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.load().0)
    }

    /// Where a plugin's work runs, if it is slow.
    pub(crate) fn slow_lane_of(&self, plugin: &str) -> Option<Handle> {
        let live = self.live();
        let revision = live.plugins().get(plugin)?;
        self.core.slow_lane.of(&revision.pace)
    }

    /// Tells whenever another set has become live.
    pub(crate) fn watch_live(&self) -> watch::Receiver<u64> {
        self.sets.subscribe()
    }

    /// Takes a plugin out after its file has gone. Requests under way end in peace.
    pub async fn unload(&self, file: &Path) {
        let _alone = self.changing.lock().await;
        let state = self
            .files
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(file);
        if let Some(name) = state.and_then(|state| state.plugin) {
            self.take_out(&name);
        }
    }

    /// Lets a plugin serve no further request.
    fn take_out(&self, name: &Arc<str>) {
        let mut plugins = self.live.load().0.plugins().clone();
        let removed = plugins.remove(name);
        let mut uses = self.uses.write().unwrap_or_else(PoisonError::into_inner);
        uses.remove(name);
        match Live::build(Arc::downgrade(&self.core), plugins, &uses) {
            Ok(live) => {
                self.set_live(Arc::new(live));
                if let Some(removed) = removed {
                    removed.shelf.close();
                }
                tracing::info!(plugin = &**name, "plugin is gone");
            }
            Err(error) => tracing::error!(%error, "a smaller set of plugins does not fit together"),
        }
    }

    /// Lets the operator's new word about plugins take effect, by loading every file again under it.
    /// A plugin that uses what is withheld now serves no further request. One that can't live under the new
    /// word for another reason goes on under the old one. [`Runtime::status`] says so either way.
    pub async fn set_policy(&self, policy: Policy) {
        let files: Vec<PathBuf> = {
            // A file that is being loaded now was judged under the old word; wait, and judge it again.
            let _alone = self.changing.lock().await;
            if **self.core.policy.load() == policy {
                return;
            }
            self.core.policy.store(Arc::new(policy));
            self.files
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .keys()
                .cloned()
                .collect()
        };
        for file in files {
            // The reason is in the log and in the status.
            if let Err(ActivationError::Link(LinkError::Import(ImportError::Withheld(..)))) =
                self.load(&file).await
                && let Some(name) = self.plugin_of(&file)
            {
                let _alone = self.changing.lock().await;
                self.take_out(&name);
            }
        }
    }

    fn refuse(&self, file: &Path, error: ActivationError) -> ActivationError {
        tracing::error!(file = %file.display(), %error, "plugin refused; what served before goes on");
        self.note(
            file,
            FileState {
                plugin: self.plugin_of(file),
                refused: Some(error.to_string()),
            },
        );
        error
    }

    fn note(&self, file: &Path, state: FileState) {
        self.files
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(file.to_path_buf(), state);
    }

    fn plugin_of(&self, file: &Path) -> Option<Arc<str>> {
        self.files
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(file)?
            .plugin
            .clone()
    }

    fn other_file(&self, file: &Path, name: &Arc<str>) -> Option<PathBuf> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let mut others = files
            .iter()
            .filter(|(path, state)| *path != file && state.plugin.as_ref() == Some(name));
        others.next().map(|(path, _)| path.clone())
    }
}

impl Plugins for Runtime {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.live.load_full()
    }

    fn status(&self) -> Vec<PartStatus> {
        let live = self.live.load();
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let part = |(file, state): (&PathBuf, &FileState)| {
            let stem = file
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            let name = state.plugin.as_deref().map_or(stem, str::to_string);
            let serving = state
                .plugin
                .as_ref()
                .and_then(|plugin| live.0.plugins().get(plugin));
            PartStatus {
                part: format!("plugin:{name}"),
                ready: serving.is_some(),
                version: serving.map(|revision| revision.package.manifest.version.clone()),
                detail: state.refused.as_ref().map(|reason| {
                    format!(
                        "{}: {reason}",
                        file.file_name()
                            .map(|name| name.to_string_lossy())
                            .unwrap_or_default()
                    )
                }),
            }
        };
        files.iter().map(part).collect()
    }
}

impl Drop for Runtime {
    /// Waiting instances and their versions hold each other, see [`crate::reuse::Shelf::close`].
    fn drop(&mut self) {
        for revision in self.live.load().0.plugins().values() {
            revision.shelf.close();
        }
    }
}

/// The compiler process's work: see [`crate::Compiler::Child`].
///
/// # Errors
/// Every [`CompileError`].
pub fn compile_file(input: &Path, output: &Path) -> Result<(), CompileError> {
    let engine = engine::build_for_compiling()
        .map_err(|error| CompileError::Refused(format!("{error:#}")))?;
    compile::compile_file(&engine, input, output)
}

const _: () = assert!(CallLimits::CAP.memory_bytes_max <= 1 << 32);
