//! The composition root: the one place where store, runtime, identity and edge meet.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use stoa_blobs::BlobStore;
use stoa_egress::Egress;
use stoa_identity::organizations::{PlanQuota, Selling, TenantPlans};
use stoa_identity::{Identity, TenantDirectory};
use stoa_kernel::crash;
use stoa_kernel::event::HostSubscriber;
use stoa_kernel::store::Store as _;
use stoa_live::Forgetting;
use stoa_mail::PluginLetters;
use stoa_runtime::{Compiler, Dispatcher, Policy, Runtime, RuntimeConfig};
use stoa_store::{StoreConfig, SurrealStore};
use stoa_web::{Edge, EdgeConfig, Metrics};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::config::{Config, Location, MetricsFor};
use crate::mail::{self, Mail};
use crate::system::{SystemClock, SystemRandom};
use crate::watch::{self, Watcher};
use crate::{blobs, bootstrap, demo, events, live, people, plugins, quotas};

/// How often expired documents and stored answers are removed. They are invisible from their time on; this
/// only gives their room back.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// How long deliveries of events may go on when the host stops: a part of the host may take 30 seconds for one.
const DELIVERIES_END_MAX: Duration = Duration::from_secs(40);

/// A host, ready to serve.
pub struct Host {
    config: Config,
    edge: Arc<Edge>,
    runtime: Arc<Runtime>,
    store: Arc<SurrealStore>,
    identity: Arc<Identity>,
    mail: Mail,
    files: Arc<BlobStore>,
    dispatcher: Arc<Dispatcher>,
    watcher: Option<Watcher>,
}

/// Puts a host together and loads its plugins. A plugin that is refused does not keep the host from
/// starting; `/health` says why.
///
/// # Errors
/// When the store, the engine, a folder or a key can't be had.
pub async fn build(config: &Config, file: Option<&Path>) -> anyhow::Result<Host> {
    if let Some(place) = &config.dev.crash_at {
        tracing::warn!(%place, "this host is going to die");
        crash::arm(place.clone())?;
    }
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    // Before anything counts: a counter that is made earlier counts for nobody.
    Metrics::install()?;
    std::fs::create_dir_all(&config.data.dir)
        .with_context(|| format!("data.dir {}", config.data.dir.display()))?;
    let store = SurrealStore::open(store_config(config), clock.clone())
        .await
        .context("opening the store")?;
    let mail = mail::open(
        config,
        stoa_mail::Ports {
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
        },
    )
    .await?;
    let live = live::open(config, store.clone(), &*clock, &*random)?;
    let platform = people::platform(
        config,
        store.clone(),
        mail.post.clone(),
        clock.clone(),
        random.clone(),
    )
    .telling(live.hub.clone());
    let directory = Arc::new(TenantDirectory::new(
        platform.clone(),
        config.tenancy.default.clone(),
    ));
    let plans = Arc::new(TenantPlans(platform.clone()));
    let files = blobs::open(
        config,
        stoa_blobs::Ports {
            store: store.clone(),
            quota: Some(Arc::new(PlanQuota(platform.clone()))),
            clock: clock.clone(),
            random: random.clone(),
        },
    )
    .await?;
    let ports = stoa_runtime::Ports {
        store: store.clone(),
        blobs: files.store.clone(),
        clock: clock.clone(),
        random: random.clone(),
        outbound: Arc::new(Egress::new().context("the client for services elsewhere")?),
        live: live.hub.clone(),
        people: stoa_runtime::People {
            directory: directory.clone(),
            plans: plans.clone(),
            letters_per_tenant_daily_max: config.mail.plugin_letters_daily_max,
        },
    };
    let runtime = Runtime::start(runtime_config(config)?, ports).await?;

    // Before the plugins: what one may store while it is loaded depends on its organisation's plan.
    let people = people::open(
        config,
        people::Ports {
            platform: platform.clone(),
            clock: clock.clone(),
            random: random.clone(),
            participants: vec![runtime.clone()],
        },
    )
    .await?;

    let plugins_dir = config.plugins_dir();
    std::fs::create_dir_all(&plugins_dir)
        .with_context(|| format!("plugins.dir {}", plugins_dir.display()))?;
    let watcher = match config.plugins.watch {
        true => Some(watch::watch(
            &plugins_dir,
            file.map(policy_source),
            Arc::clone(&runtime),
        )?),
        false => None,
    };
    for plugin in watch::plugin_files(&plugins_dir)? {
        // The reason of a refusal is in the log and in `/health`.
        let _ = runtime.load(&plugin).await;
    }

    let counting = quotas::build(config, clock.clone()).await?;
    bootstrap::first_operator(config, &people.accounts).await?;
    let mut services = people.services;
    services.push(files.service);
    services.extend(mail.services.iter().cloned());
    let registry = plugins::open(
        config,
        &services,
        plugins::Ports {
            store: store.clone(),
            files: files.store.clone(),
            runtime: runtime.clone(),
            clock: clock.clone(),
            random: random.clone(),
            bell: live.bell,
        },
    )
    .await?;
    // What plugins ask of the host for people.
    let selling = Selling::new(platform, config.tenancy.default.clone());
    let handlers: Vec<Arc<dyn HostSubscriber>> = vec![
        Arc::new(PluginLetters::new(mail.post.clone(), directory)),
        Arc::new(selling),
        plans,
        Arc::new(Forgetting::new(store.clone())),
    ];
    // Before the first request, for what a commit raises must be heard; and after every plugin, for what none of them
    // handles is nobody's.
    let dispatcher = events::start(config, Arc::clone(&runtime), store.clone(), handlers).await?;
    let mut parts = counting.parts;
    parts.push(dispatcher.clone());
    parts.extend(live.parts);
    parts.push(registry.registry().clone());
    services.push(Arc::new(registry));
    let edge = Edge::new(
        edge_config(config),
        stoa_web::Ports {
            plugins: runtime.clone(),
            store: store.clone(),
            identity: people.identity.clone(),
            live: live.hub.clone(),
            quotas: counting.quotas,
            organization_quota: Some(people.plans),
            parts,
            services,
            clock,
            random,
        },
    );
    Ok(Host {
        config: config.clone(),
        edge,
        runtime,
        store,
        identity: people.identity,
        mail,
        files: files.store,
        dispatcher,
        watcher,
    })
}

impl Host {
    /// Serves until `shutdown` resolves, then ends what is under way and closes the store.
    ///
    /// # Errors
    /// When the address can't be had.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Clone + Send + 'static,
    ) -> anyhow::Result<()> {
        let listen = self.config.http.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("http.listen {listen}"))?;
        if let Some(dir) = &self.config.dev.demo {
            tokio::select! {
                loaded = demo::load_once(&self.edge, &*self.identity, dir, &self.config) => {
                    loaded.with_context(|| format!("dev.demo {}", dir.display()))?;
                }
                () = shutdown.clone() => {}
            }
        }
        let sweeper = tokio::spawn(sweep(Arc::clone(&self.store)));
        let files = tokio::spawn(blobs::sweep(self.files));
        let letters = self.mail.start();
        tracing::info!("listening on http://{}", listener.local_addr()?);
        let served = Arc::clone(&self.edge).serve(listener, shutdown).await;

        sweeper.abort();
        files.abort();
        if timeout(DELIVERIES_END_MAX, self.dispatcher.stop())
            .await
            .is_err()
        {
            tracing::warn!(
                "stopping although events are still being handled: they are handled again"
            );
        }
        letters.stop().await;
        drop(self.watcher);
        drop(self.dispatcher);
        drop(self.runtime);
        self.store.shutdown().await;
        tracing::info!("stopped");
        Ok(served?)
    }
}

async fn sweep(store: Arc<SurrealStore>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        ticks.tick().await;
        match store.sweep().await {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "expired documents are gone"),
            Err(error) => tracing::warn!(%error, "expired documents could not be removed"),
        }
    }
}

/// What the watcher reads again when the configuration file changes.
fn policy_source(file: &Path) -> (PathBuf, watch::ReadPolicy) {
    let source = file.to_path_buf();
    (
        file.to_path_buf(),
        Arc::new(move || Ok(policy(&Config::load(Some(&source))?))),
    )
}

fn policy(config: &Config) -> Policy {
    Policy {
        denied: config.plugins.deny.clone(),
        grants: config.plugins.grants.clone(),
        settings: config.plugins.settings.0.clone(),
        outbound: config.plugins.outbound.clone(),
        secrets: config.plugins.secrets.0.clone(),
    }
}

/// The store as the configuration wants it.
pub fn store_config(config: &Config) -> StoreConfig {
    let url = match (&config.store.url, config.store_dir()) {
        (Location::Memory, _) | (_, None) => "mem://".to_string(),
        (Location::Disk(_), Some(dir)) => format!("surrealkv://{}", dir.display()),
    };
    StoreConfig {
        url,
        sync: config.store.sync,
        document_cache_bytes_max: config.store.document_cache_bytes_max,
        query_cache_entries_max: config.store.query_cache_entries_max as u64,
        block_cache_bytes_max: config.store.block_cache_bytes_max,
        memtable_bytes_max: config.store.memtable_bytes_max,
    }
}

fn runtime_config(config: &Config) -> anyhow::Result<RuntimeConfig> {
    Ok(RuntimeConfig {
        compiler: Compiler::Child(std::env::current_exe().context("the host's own program file")?),
        limits_default: config.plugins.limits.default.into(),
        limits_cap: config.plugins.limits.cap.into(),
        instances_max: config.plugins.instances_max,
        tenant_concurrency_max: config.plugins.tenant_concurrency_max,
        allow_reuse: config.plugins.allow_reuse,
        cache_bytes_max: config.plugins.cache_bytes_max,
        answer_bytes_max: config.plugins.answer_bytes_max,
        shares: config.plugins.shares.into(),
        policy: policy(config),
        ..RuntimeConfig::new(config.compiled_dir(), config.tenancy.default.clone())
    })
}

fn edge_config(config: &Config) -> EdgeConfig {
    EdgeConfig {
        body_bytes_max: config.http.body_bytes_max,
        request_ms_max: config.http.request_ms_max,
        connections_max: config.http.connections_max,
        connections_per_address_max: config.http.connections_per_address_max,
        default_tenant: config.tenancy.default.clone(),
        hosts: config.tenancy.hosts.clone(),
        dev_tokens: config.dev.tokens,
        demo_native: config.dev.native_bench,
        cors_origins: config.http.cors_origins.clone(),
        secure_cookies: config.http.secure_cookies,
        trusted_proxies: config.http.trusted_proxies.clone(),
        metrics_token: config.http.metrics_token.clone(),
        metrics_public: config.telemetry.metrics == MetricsFor::Public,
        limits: (&config.limits).into(),
        ..EdgeConfig::default()
    }
}
