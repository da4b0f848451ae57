//! The runtime as the rest of the host sees it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as Lock, OnceLock, PoisonError, RwLock, Weak};

use arc_swap::ArcSwap;
use stoa_kernel::answer::InFlight;
use stoa_kernel::deployment::{DeploymentNews, Scope};
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::CallLimits;
use stoa_kernel::live::history_collections;
use stoa_kernel::places::Places;
use stoa_kernel::plugins::{Plugins, Snapshot};
use stoa_kernel::status::PartStatus;
use stoa_kernel::store::{Realm, StoreError};
use stoa_wit::Collection;
use tokio::sync::{Mutex, Semaphore, mpsc, watch};

use crate::answers::Answers;
use crate::aot::AotCache;
use crate::artifact::HOST_PLUGIN;
use crate::cache::PluginCache;
use crate::compile::{self, CompileError, Loader};
use crate::config::{Policy, RuntimeConfig};
use crate::engine::{self, Ticker};
use crate::events;
use crate::folder::FileState;
use crate::interface::mail::LETTERS;
use crate::migration::MIGRATIONS;
use crate::records::Records;
use crate::registry::Live;
use crate::returning::{self, FAILING_MAX, Failing};
use crate::revision::Revision;
use crate::scope::Ports;
use crate::sets::{Sets, Table};
use crate::slow_lane::SlowLane;
use crate::tallies::Tallies;

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
    /// What handlers have answered, of all sets.
    pub answers: Answers,
    /// How often some of them were given.
    pub tallies: Tallies,
    /// Requests under way, by tenant.
    pub tenants: Arc<Places<TenantId>>,
    pub in_flight: InFlight,
    pub slow_lane: SlowLane,
    /// What is kept of plugins by their names.
    pub records: Records,
    /// Where versions that fail too often are told.
    pub failing: mpsc::Sender<Failing>,
    /// Lets one look at a time at what is stored.
    pub looking: Semaphore,
    /// Every version that is in memory.
    revisions: Lock<Vec<Weak<Revision>>>,
    sets: AtomicU64,
    /// Counts what was set for plugins while they served.
    settings: AtomicU64,
    /// Where it is known what serves.
    runtime: OnceLock<Weak<Runtime>>,
    _ticker: Ticker,
}

impl Core {
    /// A number that no set of plugins has had.
    pub fn next_set(&self) -> u64 {
        self.sets.fetch_add(1, Ordering::Relaxed)
    }

    /// How often something was set for plugins. An answer that was given before is told no more.
    pub fn settings(&self) -> u64 {
        self.settings.load(Ordering::Acquire)
    }

    /// Something else is set for a plugin from now on.
    pub fn forget_answers(&self) {
        self.settings.fetch_add(1, Ordering::Release);
    }

    /// Whether a version is the one that serves a tenant.
    pub fn serves(&self, revision: &Arc<Revision>, tenant: &TenantId) -> bool {
        let Some(runtime) = self.runtime.get().and_then(Weak::upgrade) else {
            return false;
        };
        let live = runtime.live_for(tenant);
        let serving = live.plugins().get(&revision.name);
        serving.is_some_and(|serving| Arc::ptr_eq(serving, revision))
    }

    /// Takes note of a version.
    pub fn adopt(&self, revision: &Arc<Revision>) {
        let revisions = self.revisions.lock();
        let mut revisions = revisions.unwrap_or_else(PoisonError::into_inner);
        revisions.retain(|known| known.strong_count() > 0);
        revisions.push(Arc::downgrade(revision));
    }

    /// Every version that is in memory: those that serve, those before them, those that end their last requests.
    pub fn revisions(&self) -> Vec<Arc<Revision>> {
        let revisions = self.revisions.lock();
        let revisions = revisions.unwrap_or_else(PoisonError::into_inner);
        revisions.iter().filter_map(Weak::upgrade).collect()
    }
}

/// The plugins and everything that they run on.
pub struct Runtime {
    pub(crate) core: Arc<Core>,
    pub(crate) sets: ArcSwap<Sets>,
    /// Counts the sets that were live.
    changes: watch::Sender<u64>,
    table: RwLock<Table>,
    pub(crate) files: RwLock<BTreeMap<PathBuf, FileState>>,
    /// Held while what serves is changed.
    pub(crate) changing: Mutex<()>,
    news: RwLock<Vec<Arc<dyn DeploymentNews>>>,
}

impl Runtime {
    /// Starts with no plugins.
    ///
    /// # Errors
    /// Every [`StartError`].
    pub async fn start(config: RuntimeConfig, ports: Ports) -> Result<Arc<Self>, StartError> {
        let engine = engine::build(config.instances_max, &config.limits_cap)
            .map_err(|error| StartError::Engine(format!("{error:#}")))?;
        let slow_lane = SlowLane::default();
        let ticker = Ticker::start(&engine, slow_lane.pace())?;
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
        let (failing, heard) = mpsc::channel(FAILING_MAX);
        let core = Arc::new(Core {
            loader: Loader::new(engine, aot, config.compiler.clone()),
            cache: Arc::new(PluginCache::new(config.cache_bytes_max)),
            answers: Answers::new(config.answer_bytes_max),
            tallies: Tallies::default(),
            tenants: Places::new(config.tenant_concurrency_max),
            in_flight: InFlight::default(),
            slow_lane,
            records: Records::default(),
            failing,
            looking: Semaphore::new(1),
            policy: ArcSwap::from_pointee(config.policy.clone()),
            revisions: Lock::default(),
            sets: AtomicU64::new(0),
            settings: AtomicU64::new(0),
            runtime: OnceLock::new(),
            config,
            ports,
            _ticker: ticker,
        });
        let none = Sets::build(&Arc::downgrade(&core), &Table::default())
            .map_err(|error| StartError::Engine(error.to_string()))?;
        let runtime = Arc::new(Self {
            core,
            sets: ArcSwap::from_pointee(none),
            changes: watch::Sender::new(0),
            table: RwLock::default(),
            files: RwLock::default(),
            changing: Mutex::default(),
            news: RwLock::default(),
        });
        // It was not set before.
        let _ = runtime.core.runtime.set(Arc::downgrade(&runtime));
        tokio::spawn(returning::run(Arc::downgrade(&runtime), heard));
        Ok(runtime)
    }

    /// Who is to hear, besides others, what the runtime does on its own.
    pub fn tell(&self, news: Arc<dyn DeploymentNews>) {
        let mut all = self.news.write().unwrap_or_else(PoisonError::into_inner);
        all.push(news);
    }

    /// Everybody who is to hear it.
    pub(crate) fn listeners(&self) -> Vec<Arc<dyn DeploymentNews>> {
        let all = self.news.read().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    /// Versions in memory: those that serve, those that would come back for them, and those whose last requests run.
    #[must_use]
    pub fn revisions_alive(&self) -> usize {
        self.core.revisions().len()
    }

    /// What serves where, as it is now.
    pub(crate) fn table(&self) -> Table {
        let table = self.table.read();
        table.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The sets that follow from another table, of which nothing but this scope is different.
    pub(crate) fn sets_of(
        &self,
        table: &Table,
        scope: &Scope,
    ) -> Result<Sets, crate::registry::SetError> {
        let core = Arc::downgrade(&self.core);
        match scope {
            Scope::Deployment => Sets::build(&core, table),
            Scope::Tenant(tenant) => self.sets.load().with_tenant(&core, table, tenant),
        }
    }

    /// The sets that follow from a table in which a tenant has fewer versions.
    pub(crate) fn sets_without(&self, table: &Table, tenant: &TenantId) -> Sets {
        let core = Arc::downgrade(&self.core);
        self.sets.load().without(&core, table, tenant)
    }

    /// Takes note of what serves, which has no other sets than before.
    pub(crate) fn set_table(&self, table: Table) {
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = table;
    }

    /// Lets another table and its sets be what serves, in one switch. For whoever holds `changing`.
    pub(crate) fn switch(&self, table: Table, sets: Sets) {
        self.set_table(table);
        self.sets.store(Arc::new(sets));
        self.changes.send_modify(|sets| *sets += 1);
    }

    /// The set that is live for a tenant.
    pub(crate) fn live_for(&self, tenant: &TenantId) -> Arc<Live> {
        Arc::clone(&self.sets.load().of(tenant).0)
    }

    /// Runs a plugin's work on the threads where it belongs.
    pub(crate) async fn run_for<T: Send + 'static>(
        &self,
        tenant: &TenantId,
        plugin: &str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let live = self.live_for(tenant);
        match live.plugins().get(plugin) {
            Some(revision) => self.core.slow_lane.run(&revision.pace, work).await,
            None => work.await,
        }
    }

    /// Tells whenever another set has become live.
    pub(crate) fn watch_live(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl Plugins for Runtime {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::clone(self.sets.load().base()) as Arc<dyn Snapshot>
    }

    fn snapshot_for(&self, tenant: &TenantId) -> Arc<dyn Snapshot> {
        Arc::clone(self.sets.load().of(tenant)) as Arc<dyn Snapshot>
    }

    fn status(&self) -> Vec<PartStatus> {
        let mut parts = self.files_status();
        parts.extend(self.deployed_status());
        parts
    }
}

impl Drop for Runtime {
    /// Waiting instances and their versions hold each other, see [`crate::reuse::Shelf::close`].
    fn drop(&mut self) {
        for revision in self.core.revisions() {
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
