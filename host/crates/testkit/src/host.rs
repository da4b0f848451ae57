//! Assembles a host for one test: own store, own folders, nothing shared but compiled code.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stoa_blobs::{BlobStore, PluginArchive, Storage};
use stoa_egress::Egress;
use stoa_identity::organizations::{PlanQuota, TenantPlans};
use stoa_identity::{Identity, Platform, TenantDirectory, TokenConfig};
use stoa_kernel::clock::Clock as _;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::LETTERS_PER_TENANT_DAILY_MAX;
use stoa_kernel::live::BusEars;
use stoa_kernel::outbound::Destination;
use stoa_kernel::quota::Quotas;
use stoa_kernel::random::ulid;
use stoa_kernel::seal::{KEY_BYTES, Seal};
use stoa_kernel::secret::Secret;
use stoa_kernel::status::Part;
use stoa_live::{ConnectionLimits, Hub};
use stoa_quota::{MemoryQuotas, RedisBus, RedisConfig};
use stoa_registry::{Bell, News, Registry, RegistryConfig, RegistryService, TrustConfig};
use stoa_runtime::{Policy, Runtime, RuntimeConfig, ShareLimits};
use stoa_store::{StoreConfig, SurrealStore, SyncPolicy};
use stoa_web::{Edge, EdgeConfig, LiveTimes, RateLimits};
use tempfile::TempDir;

use crate::files::{self, FilesConfig};
use crate::people::{self, People, PeopleConfig};
use crate::plans::CrampedPlans;
use crate::{FakeClock, SeededRandom};

/// Instances of one test's host. The pool reserves address space for each.
const INSTANCES_MAX: u32 = 96;

/// Connections of one test's host, of one account, too.
const LISTENERS_MAX: NonZeroUsize = NonZeroUsize::new(4_000).unwrap();

/// With what the names of a test's hosts begin in their Redis.
const REDIS_PREFIX: &str = "test:live:";

/// A host in this process.
pub struct TestHost {
    /// The front door.
    pub edge: Arc<Edge>,
    /// The plugins.
    pub runtime: Arc<Runtime>,
    /// The store.
    pub store: Arc<SurrealStore>,
    /// The time.
    pub clock: Arc<FakeClock>,
    /// Finds out who calls, and signs tokens for development.
    pub identity: Arc<Identity>,
    /// The platform's database.
    pub platform: Platform,
    /// Who belongs where.
    pub directory: Arc<TenantDirectory>,
    /// What organisations pay for.
    pub plans: Arc<TenantPlans>,
    /// The files.
    pub files: Arc<BlobStore>,
    /// Those who listen.
    pub live: Arc<Hub>,
    /// Plugins of others.
    pub registry: Arc<Registry>,
    /// How access tokens are signed and what they say.
    pub token_config: TokenConfig,
    random: Arc<SeededRandom>,
    dir: TempDir,
}

/// What hosts of one service have in common.
struct Common {
    store: Arc<SurrealStore>,
    clock: Arc<FakeClock>,
    /// Shared, too: what two of them make must not have the same id.
    random: Arc<SeededRandom>,
    token_config: TokenConfig,
    files: Option<Storage>,
}

/// What a test's host should have.
pub struct TestHostBuilder {
    plugins: Vec<(String, Vec<u8>)>,
    store: StoreConfig,
    policy: Policy,
    allow_reuse: bool,
    people: PeopleConfig,
    letters_daily_max: u32,
    files: FilesConfig,
    room_parts: u64,
    cors_origins: Vec<String>,
    trust: TrustConfig,
    shares: ShareLimits,
    limits: Option<RateLimits>,
    live_times: LiveTimes,
    redis_url: Option<String>,
    follows: bool,
    common: Option<Common>,
}

/// The file of a plugin under `plugins/`, as `cargo xtask test` has built it.
#[must_use]
pub fn plugin_file(name: &str) -> PathBuf {
    built("STOA_TEST_PLUGINS", name)
}

/// The file of a guest under `host/tests/guests/`.
#[must_use]
pub fn guest_file(name: &str) -> PathBuf {
    built("STOA_TEST_GUESTS", name)
}

fn built(variable: &str, name: &str) -> PathBuf {
    let Some(dir) = std::env::var_os(variable) else {
        panic!("{variable} is not set: run the tests with `cargo xtask test`");
    };
    Path::new(&dir).join(format!("{name}.wasm"))
}

fn read(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

impl TestHost {
    /// A host with an in-memory store and no plugins yet.
    #[must_use]
    pub fn builder() -> TestHostBuilder {
        TestHostBuilder {
            plugins: Vec::new(),
            store: StoreConfig {
                url: "mem://".into(),
                sync: SyncPolicy::Never,
                ..StoreConfig::default()
            },
            policy: Policy::default(),
            allow_reuse: true,
            people: PeopleConfig::default(),
            letters_daily_max: LETTERS_PER_TENANT_DAILY_MAX,
            files: FilesConfig::default(),
            room_parts: 1,
            cors_origins: Vec::new(),
            trust: TrustConfig {
                unsigned: true,
                ..TrustConfig::default()
            },
            shares: ShareLimits::DEFAULT,
            limits: None,
            live_times: LiveTimes::default(),
            redis_url: None,
            follows: false,
            common: None,
        }
    }

    /// Puts a plugin file into the folder, as an operator would, and loads it.
    ///
    /// # Errors
    /// The host's reason to refuse it.
    pub async fn install(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let file = self.file(name);
        std::fs::write(&file, bytes).expect("the plugin folder");
        self.runtime
            .load(&file)
            .await
            .map_err(|error| error.to_string())
    }

    /// Takes a plugin's file away.
    pub async fn uninstall(&self, name: &str) {
        let file = self.file(name);
        std::fs::remove_file(&file).expect("a plugin that was installed");
        self.runtime.unload(&file).await;
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("plugins").join(format!("{name}.wasm"))
    }
}

impl TestHostBuilder {
    /// With a plugin of `plugins/`.
    #[must_use]
    pub fn plugin(self, name: &str) -> Self {
        let bytes = read(&plugin_file(name));
        self.with(name, bytes)
    }

    /// With every plugin of `plugins/`, also those that nobody has written yet.
    #[must_use]
    pub fn every_plugin(self) -> Self {
        let dir = plugin_file("any").parent().expect("a folder").to_path_buf();
        let files =
            std::fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
        let stem = |file: std::fs::DirEntry| Some(file.path().file_stem()?.to_str()?.to_owned());
        let names = files
            .filter_map(|file| file.ok().and_then(stem))
            .collect::<std::collections::BTreeSet<_>>();
        names
            .iter()
            .fold(self, |builder, name| builder.plugin(name))
    }

    /// With a guest of `host/tests/guests/`.
    #[must_use]
    pub fn guest(self, name: &str) -> Self {
        let bytes = read(&guest_file(name));
        self.with(name, bytes)
    }

    /// With these bytes as a plugin.
    #[must_use]
    pub fn with(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.plugins.push((name.into(), bytes));
        self
    }

    /// With another store.
    #[must_use]
    pub fn store(mut self, url: &str) -> Self {
        self.store.url = url.into();
        self
    }

    /// With a store that keeps nothing ready: whatever is read is read from the database.
    #[must_use]
    pub const fn uncached(mut self) -> Self {
        self.store.document_cache_bytes_max = 0;
        self.store.query_cache_entries_max = 0;
        self
    }

    /// With a store on disk that syncs every commit, as in production.
    #[must_use]
    pub fn on_disk(mut self, folder: &Path) -> Self {
        self.store.url = format!("surrealkv://{}", folder.display());
        self.store.sync = SyncPolicy::Every;
        self
    }

    /// Under this policy.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// With a service of a plugin at this address, also when it is one of this machine.
    #[must_use]
    pub fn outbound(mut self, plugin: &str, service: &str, url: &str) -> Self {
        let destination = Destination {
            url: url.into(),
            allow_private: true,
        };
        let of_plugin = self.policy.outbound.entry(plugin.into()).or_default();
        of_plugin.insert(service.into(), destination);
        self
    }

    /// With these values of a plugin's secret, the newest first.
    #[must_use]
    pub fn secret(mut self, plugin: &str, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| Secret::new(*value)).collect();
        let of_plugin = self.policy.secrets.entry(plugin.into()).or_default();
        of_plugin.insert(name.into(), values);
        self
    }

    /// With an operator's word for a plugin's setting.
    #[must_use]
    pub fn setting(mut self, plugin: &str, name: &str, value: serde_json::Value) -> Self {
        let of_plugin = self.policy.settings.entry(plugin.into()).or_default();
        of_plugin.insert(name.into(), value);
        self
    }

    /// Whether instances may be reused.
    #[must_use]
    pub const fn allow_reuse(mut self, allow: bool) -> Self {
        self.allow_reuse = allow;
        self
    }

    /// With these rules for accounts.
    #[must_use]
    pub const fn people(mut self, config: PeopleConfig) -> Self {
        self.people = config;
        self
    }

    /// With so many letters of plugins a day.
    #[must_use]
    pub const fn letters_daily_max(mut self, max: u32) -> Self {
        self.letters_daily_max = max;
        self
    }

    /// With this origin's pages among those that may call.
    #[must_use]
    pub fn cors_origin(mut self, origin: &str) -> Self {
        self.cors_origins.push(origin.into());
        self
    }

    /// With these rules for signatures of plugins, instead of none.
    #[must_use]
    pub fn trust(mut self, config: TrustConfig) -> Self {
        self.trust = config;
        self
    }

    /// With these limits to how often somebody may call, counted by the test's clock. Without them nobody is limited.
    #[must_use]
    pub const fn limits(mut self, limits: RateLimits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// With this patience for live connections.
    #[must_use]
    pub const fn live_times(mut self, times: LiveTimes) -> Self {
        self.live_times = times;
        self
    }

    /// With this Redis, by which it tells other hosts what is said live.
    #[must_use]
    pub fn redis(mut self, url: &str) -> Self {
        self.redis_url = Some(url.into());
        self
    }

    /// Beside another host of the same service: over its database, by its clock, with its key for tokens. Plugins and
    /// rules are its own.
    #[must_use]
    pub fn beside(mut self, other: &TestHost) -> Self {
        self.common = Some(Common {
            store: other.store.clone(),
            clock: other.clock.clone(),
            random: other.random.clone(),
            token_config: other.token_config.clone(),
            files: Some(other.files.storage().clone()),
        });
        self
    }

    /// Doing what other hosts over the same database switch, as hosts do.
    #[must_use]
    pub const fn following(mut self) -> Self {
        self.follows = true;
        self
    }

    /// With these rules for files.
    #[must_use]
    pub fn files(mut self, config: FilesConfig) -> Self {
        self.files = config;
        self
    }

    /// With one part in so many of the room that plans have.
    #[must_use]
    pub const fn cramped(mut self, parts: u64) -> Self {
        self.room_parts = parts;
        self
    }

    /// With these bounds of what one plugin may use for one tenant.
    #[must_use]
    pub const fn shares(mut self, shares: ShareLimits) -> Self {
        self.shares = shares;
        self
    }

    /// Assembles and starts it.
    ///
    /// # Panics
    /// When any part refuses to start.
    pub async fn start(self) -> TestHost {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(dir.path().join("plugins")).expect("the plugin folder");
        let common = match self.common {
            Some(common) => common,
            None => alone(self.store, self.people).await,
        };
        let Common {
            store,
            clock,
            random,
            token_config,
            files: common_files,
        } = common;
        let tenant = TenantId::parse("main").expect("a tenant's id");

        let mut config =
            RuntimeConfig::new(std::env::temp_dir().join("stoa-test-aot"), tenant.clone());
        config.instances_max = INSTANCES_MAX;
        config.policy = self.policy;
        config.shares = self.shares;
        config.allow_reuse = self.allow_reuse;
        let limits = ConnectionLimits {
            per_account_max: LISTENERS_MAX,
            per_tenant_max: LISTENERS_MAX,
            max: LISTENERS_MAX,
        };
        let live = Arc::new(Hub::new(
            stoa_live::Ports {
                store: store.clone(),
            },
            limits,
        ));
        let mut parts: Vec<Arc<dyn Part>> = Vec::new();
        let bell = Arc::new(Bell::default());
        if let Some(url) = self.redis_url {
            let config = RedisConfig::new(url, REDIS_PREFIX);
            let ears = Arc::new(BusEars(vec![live.clone(), bell.clone()]));
            let bus = RedisBus::start(&config, ulid(clock.now(), &*random), ears);
            let bus = Arc::new(bus.expect("an address of a Redis"));
            live.join_bus(bus.clone());
            bell.join_bus(bus.clone());
            parts.push(bus);
        }
        let platform = people::platform(
            store.clone(),
            clock.clone(),
            random.clone(),
            &tenant,
            live.clone(),
        )
        .await;
        let directory = Arc::new(TenantDirectory::new(platform.clone(), tenant.clone()));
        let plans = Arc::new(TenantPlans(platform.clone()));
        let cramped = Arc::new(CrampedPlans {
            plans: plans.clone(),
            quota: PlanQuota(platform.clone()),
            parts: self.room_parts,
        });
        let ports = stoa_blobs::Ports {
            store: store.clone(),
            quota: Some(cramped.clone()),
            clock: clock.clone(),
            random: random.clone(),
        };
        let (files, files_service) = files::open(self.files, common_files, dir.path(), ports).await;
        let ports = stoa_runtime::Ports {
            store: store.clone(),
            blobs: files.clone(),
            clock: clock.clone(),
            random: random.clone(),
            outbound: Arc::new(Egress::new().expect("a client")),
            live: live.clone(),
            people: stoa_runtime::People {
                directory: directory.clone(),
                plans: cramped,
                letters_per_tenant_daily_max: self.letters_daily_max,
            },
        };
        let runtime = Runtime::start(config, ports).await.expect("the runtime");

        let People {
            identity,
            mut services,
        } = people::open(
            platform.clone(),
            clock.clone(),
            &tenant,
            runtime.clone(),
            self.people,
            token_config.clone(),
        )
        .await;
        let quotas = self.limits.is_some().then(|| {
            let counting: Arc<dyn Quotas> = Arc::new(MemoryQuotas::new(clock.clone()));
            counting
        });
        services.push(Arc::new(files_service));
        let ports = stoa_registry::Ports {
            store: store.clone(),
            archive: Arc::new(PluginArchive::new(files.storage().clone())),
            deployer: runtime.clone(),
            clock: clock.clone(),
            random: random.clone(),
            seal: Arc::new(sealing()),
            bell,
        };
        let reserved = services
            .iter()
            .map(|service| &service.package().manifest.name);
        let registry_config = RegistryConfig {
            trust: self.trust,
            reserved: reserved.cloned().collect(),
        };
        let service = RegistryService::open(registry_config, ports).await;
        let service = service.expect("the registry of plugins");
        let registry = Arc::clone(service.registry());
        runtime.tell(Arc::new(News::of(&registry)));
        parts.push(registry.clone());
        services.push(Arc::new(service));
        let edge = Edge::new(
            EdgeConfig {
                default_tenant: tenant,
                dev_tokens: self.people.development_tokens,
                cors_origins: self.cors_origins,
                limits: self.limits.unwrap_or_default(),
                live: self.live_times,
                // All of a test's clients are at one.
                connections_per_address_max: u32::MAX,
                ..EdgeConfig::default()
            },
            stoa_web::Ports {
                plugins: runtime.clone(),
                store: store.clone(),
                identity: identity.clone(),
                live: live.clone(),
                services,
                quotas,
                organization_quota: None,
                parts,
                clock: clock.clone(),
                random: random.clone(),
            },
        );
        let host = TestHost {
            edge,
            runtime,
            store,
            clock,
            identity,
            platform,
            directory,
            plans,
            files,
            live,
            registry,
            token_config,
            random,
            dir,
        };
        for (name, bytes) in &self.plugins {
            if let Err(reason) = host.install(name, bytes).await {
                panic!("{name}: {reason}");
            }
        }
        let restored = host.registry.restore().await;
        restored.expect("the registry's plugins");
        if self.follows {
            host.registry.follow();
        }
        host
    }
}

/// What seals secrets: the same on every host of a test, as on several hosts of one service.
#[must_use]
pub fn sealing() -> Seal {
    Seal::new(&[7; KEY_BYTES], stoa_registry::SECRETS_PURPOSE).expect("a key")
}

/// What a host has that shares with nobody.
async fn alone(config: StoreConfig, people: PeopleConfig) -> Common {
    let clock = Arc::new(FakeClock::default());
    let store = SurrealStore::open(config, clock.clone()).await;
    Common {
        store: store.expect("the store"),
        clock,
        random: Arc::new(SeededRandom::new(1)),
        token_config: people::tokens(people),
        files: None,
    }
}
