//! A whole host in memory for one story: real store, runtime and edge; everything else as the story says.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::{Request, Response};
use stoa_blobs::{BlobStore, BlobsConfig, FilesService, KINDS_DEFAULT, Location, S3, Storage};
use stoa_kernel::event::Event;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::limits::LETTERS_PER_TENANT_DAILY_MAX;
use stoa_kernel::rehearsal::{FakeClock, SeededRandom};
use stoa_kernel::secret::Secret;
use stoa_kernel::store::{Expiry, Store as _};
use stoa_kernel::wit::Manifest;
use stoa_live::{ConnectionLimits, Hub};
use stoa_runtime::{Policy, Runtime, RuntimeConfig};
use stoa_store::{StoreConfig, SurrealStore, SyncPolicy};
use stoa_web::{Edge, EdgeConfig, Metrics};

use super::fakes::{Members, Offered, SelfDeclared, Services};
use super::figures::Figures;
use super::listeners::Overheard;
use super::story::{Document, Story};

/// The tenant of all stories.
const TENANT: &str = "main";
/// Instances at the same time: one request runs at a time, and calls between plugins nest a little.
const INSTANCES_MAX: u32 = 16;
/// Accounts that listen at the same time, each by one connection.
const LISTENERS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99);
/// Signs links to files; nobody outside of the process sees one.
const LINK_KEY: [u8; 32] = [7; 32];

/// A plugin's file, and what it says of itself.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The file.
    pub file: PathBuf,
    /// What it says.
    pub manifest: Manifest,
}

/// One story's host.
pub struct Stage {
    edge: Arc<Edge>,
    /// The plugins.
    pub runtime: Arc<Runtime>,
    /// The documents and events.
    pub store: Arc<SurrealStore>,
    /// The time.
    pub clock: Arc<FakeClock>,
    /// Chance.
    pub random: Arc<SeededRandom>,
    /// Services elsewhere.
    pub services: Arc<Services>,
    /// Who listens, and what is said.
    pub live: Arc<Overheard>,
    /// Whose documents these are.
    pub tenant: TenantId,
    /// The plugin whose story it is.
    pub plugin: String,
}

impl Stage {
    /// Sets everything up as the story says. `compiled` keeps machine code from one rehearsal to the next.
    ///
    /// # Errors
    /// When the host refuses the plugin, or the story names what is not there.
    pub async fn set(
        plugin: &Plugin,
        story: &Story,
        others: &[PathBuf],
        compiled: &Path,
    ) -> anyhow::Result<Self> {
        let now = stoa_kernel::rehearsal::millis(&story.now)
            .with_context(|| format!("now = {:?} is no time in RFC 3339", story.now))?;
        let clock = Arc::new(FakeClock::at(now));
        let random = Arc::new(SeededRandom::new(story.seed));
        // Before anything counts: a counter that is made earlier counts for no budget.
        Metrics::install()?;
        let tenant = TenantId::parse(TENANT)?;
        let store = StoreConfig {
            url: "mem://".into(),
            sync: SyncPolicy::Never,
            ..StoreConfig::default()
        };
        let store = SurrealStore::open(store, clock.clone()).await?;
        let limits = ConnectionLimits {
            per_account_max: LISTENERS_MAX,
            per_tenant_max: LISTENERS_MAX,
            max: LISTENERS_MAX,
        };
        let live = stoa_live::Ports {
            store: store.clone(),
        };
        let live = Arc::new(Overheard::new(Hub::new(live, limits)));
        let blobs = stoa_blobs::Ports {
            store: store.clone(),
            quota: None,
            clock: clock.clone(),
            random: random.clone(),
        };
        let config = BlobsConfig {
            upload_bytes_max: 64 << 20,
            tenant_bytes_max: 256 << 20,
            kinds: KINDS_DEFAULT.iter().map(ToString::to_string).collect(),
            link_key: LINK_KEY,
        };
        let storage = Storage::open(&Location::Memory, compiled, &S3::default())?;
        let blobs = BlobStore::open(config, storage, blobs).await?;
        let services = Arc::new(Services::new(&plugin.manifest, &story.services));
        let ports = stoa_runtime::Ports {
            store: store.clone(),
            blobs: blobs.clone(),
            clock: clock.clone(),
            random: random.clone(),
            outbound: services.clone(),
            live: live.clone(),
            people: stoa_runtime::People {
                directory: Arc::new(Members::new(&story.people)),
                plans: Arc::new(Offered::new(&story.plans)),
                letters_per_tenant_daily_max: LETTERS_PER_TENANT_DAILY_MAX,
            },
        };
        let config = RuntimeConfig {
            instances_max: INSTANCES_MAX,
            policy: policy(&plugin.manifest.name, story),
            ..RuntimeConfig::new(compiled.to_path_buf(), tenant.clone())
        };
        let runtime = Runtime::start(config, ports).await?;
        for file in others.iter().chain([&plugin.file]) {
            let loaded = runtime.load(file).await;
            loaded.map_err(|error| anyhow!("{}: the host refuses it: {error}", file.display()))?;
        }
        let edge = Edge::new(
            EdgeConfig {
                default_tenant: tenant.clone(),
                ..EdgeConfig::default()
            },
            stoa_web::Ports {
                plugins: runtime.clone(),
                store: store.clone(),
                identity: Arc::new(SelfDeclared(tenant.clone())),
                live: live.clone(),
                services: vec![Arc::new(FilesService::new(blobs)?)],
                quotas: None,
                organization_quota: None,
                parts: Vec::new(),
                clock: clock.clone(),
                random: random.clone(),
            },
        );
        let stage = Self {
            edge,
            runtime,
            store,
            clock,
            random,
            services,
            live,
            tenant,
            plugin: plugin.manifest.name.clone(),
        };
        stage.seed(&plugin.manifest, &story.documents).await?;
        Ok(stage)
    }

    async fn seed(&self, manifest: &Manifest, documents: &[Document]) -> anyhow::Result<()> {
        let unit = self.store.begin(&self.tenant).await?;
        for Document {
            collection,
            id,
            body,
        } in documents
        {
            if !manifest.collections.contains_key(collection) {
                bail!("[[document]]: the manifest has no collection {collection:?}");
            }
            let name = CollectionName::new(&self.plugin, collection);
            let written = unit.put(&name, id, None, body.clone(), Expiry::Never).await;
            written.with_context(|| format!("[[document]] {id}"))?;
        }
        unit.commit().await?;
        Ok(())
    }

    /// Whether the plugin has raised the event itself.
    pub fn is_own(&self, event: &Event) -> bool {
        event.plugin == self.plugin
    }

    /// Answers a request through everything but a connection.
    pub async fn ask(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.edge.call(request).await
    }

    /// The document as it is now.
    ///
    /// # Errors
    /// The store's.
    pub async fn document(
        &self,
        collection: &str,
        id: &str,
    ) -> anyhow::Result<Option<serde_json::Value>> {
        let unit = self.store.begin(&self.tenant).await?;
        let name = CollectionName::new(&self.plugin, collection);
        let found = unit.get(&name, id).await?;
        Ok(found
            .map(|document| serde_json::from_str(&document.body))
            .transpose()?)
    }

    /// What the plugin has used so far.
    pub async fn figures(&self) -> Figures {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = http::Uri::from_static("/metrics");
        let answer = self.edge.call(request).await;
        Figures::of(&self.plugin, &String::from_utf8_lossy(answer.body()))
    }

    /// Ends it.
    pub async fn strike(self) {
        drop(self.edge);
        drop(self.runtime);
        self.store.shutdown().await;
    }
}

fn policy(plugin: &str, story: &Story) -> Policy {
    let secrets = story.secrets.iter();
    let secrets = secrets.map(|(name, value)| (name.clone(), vec![Secret::new(value.as_str())]));
    Policy {
        settings: BTreeMap::from([(plugin.to_owned(), story.settings.clone())]),
        secrets: BTreeMap::from([(plugin.to_owned(), secrets.collect())]),
        ..Policy::default()
    }
}
