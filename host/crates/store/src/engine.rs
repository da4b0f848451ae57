//! The embedded engine: its memory, its capabilities and its own runtime.
//!
//! It runs apart from the host's runtime because it flushes, compacts and reads files on the threads that
//! call it, and because a statement that has begun must not end half-way when a request is abandoned.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use surrealdb::Surreal;
use surrealdb::engine::local::Db;
use surrealdb::types::Variables;
use surrealdb_cnf::ConfigMap;
use surrealdb_core::kvs::Datastore;
use surrealdb_rpc::capabilities::{Capabilities, FuncTarget, Targets};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::config::StoreConfig;
use crate::fault::Fault;
use crate::session::Session;
use crate::watchdog::{self, Watchdog};
use crate::{names, schema};

/// The namespace of everything that a host stores.
const NAMESPACE: &str = "stoa";

/// Fewer would let one compaction hold up every request.
const WORKERS_MIN: usize = 3;

/// What the engine's makers ask for: deep expressions are evaluated recursively.
const STACK_BYTES: usize = 10 << 20;

/// Definitions of databases, tables and indexes kept over all tenants: ample for a thousand of them.
const DEFINITIONS_MAX: u32 = 20_000;

/// A block of the engine's files. It copies a whole one for each record that it reads: with its own 64 KiB, every tenth
/// cycle of a busy host went into that.
const BLOCK_BYTES: usize = 4 << 10;

/// Records that one transaction remembers. The engine makes room for all of them whenever one begins, however little it
/// does: its own 512 are more than most commits touch.
const REMEMBERED_IN_TRANSACTION_MAX: usize = 64;

/// The longest that shutting down waits for what is under way.
const SHUTDOWN_MAX: Duration = Duration::from_secs(20);

/// The host's own writes can conflict where several tenants are set up at the same time; each try lets the
/// others get on.
const PERSIST_TRIES_MAX: u32 = 20;

/// What one try waits longer than the one before.
const PERSIST_WAIT: Duration = Duration::from_millis(3);

/// From so many waiting commits on, the engine would hold a sync back for 5 ms to gather more of them. Those
/// that arrive while one sync is under way share the next one anyway: waiting only adds to everybody's time.
const WAITING_COMMITS_NEVER: usize = usize::MAX;

/// The functions that the store's statements use. The engine refuses all others.
const FUNCTIONS: [&str; 4] = ["count", "record", "string", "type"];

/// The engine with its runtime.
pub(crate) struct Engine {
    _watchdog: Watchdog,
    threads: Threads,
    datastore: Arc<Datastore>,
    root: Session,
}

impl Engine {
    /// Opens the database, making it if it is missing.
    pub(crate) async fn open(config: &StoreConfig) -> Result<Self, Fault> {
        let workers =
            std::thread::available_parallelism().map_or(WORKERS_MIN, |n| n.get().max(WORKERS_MIN));
        let threads = Builder::new_multi_thread()
            .worker_threads(workers)
            .thread_stack_size(STACK_BYTES)
            .thread_name("stoa-store")
            .enable_all()
            .build()
            .map_err(Fault::failed)?;
        let threads = Threads(Some(threads));
        let opening = open(config.engine_url(), sizes(config));
        let opening = threads.handle()?.spawn(opening);
        let (datastore, root) = opening.await.map_err(Fault::failed)??;
        let watchdog = Watchdog::start(
            threads.handle()?.clone(),
            watchdog::BEAT,
            root.pulse(),
            watchdog::end_the_process,
        );
        Ok(Self {
            _watchdog: watchdog.map_err(Fault::failed)?,
            threads,
            datastore,
            root,
        })
    }

    /// Runs work on the engine's runtime, to its end even if the caller goes away meanwhile.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Fault> {
        let running = self.threads.handle()?.spawn(work);
        running
            .await
            .map_err(|error| Fault::Unknown(error.to_string()))
    }

    /// The engine's runtime.
    #[cfg(test)]
    pub(crate) fn handle(&self) -> Option<tokio::runtime::Handle> {
        self.threads.handle().ok().cloned()
    }

    /// Runs a script of the host's own until nothing gets in between. It must bear repetition.
    pub(crate) async fn persist(
        &self,
        session: Session,
        script: String,
        variables: Variables,
    ) -> Result<(), Fault> {
        let work = async move {
            let mut tried = 1;
            loop {
                match session.run(&script, variables.clone()).await {
                    Err(Fault::Conflict) if tried < PERSIST_TRIES_MAX => {
                        tokio::time::sleep(PERSIST_WAIT * tried).await;
                        tried += 1;
                    }
                    outcome => return outcome.map(drop),
                }
            }
        };
        self.run(work).await?
    }

    /// A handle on a database of the host, which is made if it is missing.
    pub(crate) async fn session(&self, database: String) -> Result<Session, Fault> {
        self.persist(
            self.root.clone(),
            schema::database(&database),
            Variables::new(),
        )
        .await?;
        let root = self.root.clone();
        self.run(async move {
            let handle = root.fork();
            handle.use_ns(NAMESPACE).use_db(database).await?;
            Ok(root.by(handle))
        })
        .await?
    }

    /// The handle that belongs to no tenant.
    pub(crate) const fn root(&self) -> &Session {
        &self.root
    }

    /// Ends the engine in order.
    pub(crate) async fn shutdown(&self) {
        let datastore = Arc::clone(&self.datastore);
        let ending =
            self.run(async move { tokio::time::timeout(SHUTDOWN_MAX, datastore.shutdown()).await });
        match ending.await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the store did not end in order"),
            Ok(Err(_)) => tracing::warn!("the store did not end in time"),
            Err(error) => tracing::warn!(%error, "the store could not be ended"),
        }
    }
}

/// The engine's runtime. It may be dropped anywhere, also while the database is being opened.
struct Threads(Option<Runtime>);

impl Threads {
    fn handle(&self) -> Result<&Handle, Fault> {
        let runtime = self.0.as_ref().map(Runtime::handle);
        runtime.ok_or_else(|| Fault::failed("the engine has ended"))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // A runtime that is dropped in an async context panics; this neither waits nor panics.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn open(url: String, sizes: ConfigMap) -> Result<(Arc<Datastore>, Session), Fault> {
    let datastore = Datastore::builder()
        .with_config(sizes)
        .with_capabilities(capabilities())
        .without_maintenance_tasks()
        .build_with_path(&url)
        .await
        .map_err(Fault::failed)?;
    // The version is settled before anything else writes, or a new database would pass for an old one.
    datastore.check_version().await.map_err(Fault::failed)?;
    datastore.bootstrap().await.map_err(Fault::failed)?;
    datastore.start_maintenance_tasks();
    let handle = Surreal::<Db>::unstable_from_datastore(Arc::clone(&datastore), None).await?;
    handle.use_ns(NAMESPACE).await?;
    Session::new(handle.clone())
        .run(&schema::database(names::PLATFORM), Variables::new())
        .await?;
    handle.use_db(names::PLATFORM).await?;
    Ok((datastore, Session::new(handle)))
}

/// The engine's own defaults take half of the machine.
fn sizes(config: &StoreConfig) -> ConfigMap {
    ConfigMap::empty()
        .with_key_value(
            "surrealkv_grouped_commit_wait_threshold",
            WAITING_COMMITS_NEVER.to_string(),
        )
        .with_key_value(
            "surrealkv_block_cache_capacity",
            config.block_cache_bytes_max.to_string(),
        )
        .with_key_value(
            "surrealkv_max_memtable_size",
            config.memtable_bytes_max.to_string(),
        )
        .with_key_value("surrealkv_block_size", BLOCK_BYTES.to_string())
        .with_key_value(
            "transaction_cache_size",
            REMEMBERED_IN_TRANSACTION_MAX.to_string(),
        )
        .with_key_value("datastore_cache_size", DEFINITIONS_MAX.to_string())
}

/// Nothing but statements and the few functions they use: no network, no scripts, no experiments.
fn capabilities() -> Capabilities {
    let functions: HashSet<FuncTarget> = FUNCTIONS
        .iter()
        .map(|family| FuncTarget((*family).into(), None))
        .collect();
    Capabilities::none()
        .with_functions(Targets::Some(functions))
        .with_arbitrary_query(Targets::All)
}
