//! Plugins of others: the registry over the host's database, files and runtime.

use std::sync::Arc;

use anyhow::Context as _;
use stoa_blobs::{BlobStore, PluginArchive};
use stoa_kernel::clock::Clock;
use stoa_kernel::id::HOST_PLUGIN;
use stoa_kernel::random::Random;
use stoa_kernel::seal::{KEY_BYTES, Seal};
use stoa_kernel::service::Service;
use stoa_kernel::store::Store;
use stoa_registry::records::REGISTRY;
use stoa_registry::{Bell, News, RegistryConfig, RegistryService, SECRETS_PURPOSE};
use stoa_runtime::Runtime;

use crate::config::Config;
use crate::keyfile;

/// What the registry needs of the host.
pub struct Ports {
    /// Keeps its rows.
    pub store: Arc<dyn Store>,
    /// Keeps the plugins' files beside those of tenants.
    pub files: Arc<BlobStore>,
    /// Lets plugins serve.
    pub runtime: Arc<Runtime>,
    /// Dates what is done.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub random: Arc<dyn Random>,
    /// Tells other hosts of switches.
    pub bell: Arc<Bell>,
}

/// Opens the registry and lets everything serve that should. No plugin gets the name of one of these services.
///
/// # Errors
/// When the store refuses the collections, or its rows can't be read.
pub async fn open(
    config: &Config,
    services: &[Arc<dyn Service>],
    ports: Ports,
) -> anyhow::Result<RegistryService> {
    let names = services.iter().map(|service| {
        let manifest = &service.package().manifest;
        manifest.name.clone()
    });
    let own = [REGISTRY, HOST_PLUGIN].map(String::from);
    let registry = RegistryConfig {
        trust: (&config.plugins.trust).into(),
        reserved: names.chain(own).collect(),
    };
    let seal = Arc::new(seal(config, &*ports.random)?);
    let runtime = ports.runtime;
    let ports = stoa_registry::Ports {
        seal,
        store: ports.store,
        archive: Arc::new(PluginArchive::new(ports.files.storage().clone())),
        deployer: runtime.clone(),
        clock: ports.clock,
        random: ports.random,
        bell: ports.bell,
    };
    let service = RegistryService::open(registry, ports).await;
    let service = service.context("the registry of plugins")?;
    runtime.tell(Arc::new(News::of(service.registry())));
    let restored = service.registry().restore().await;
    restored.map_err(|problem| anyhow::anyhow!("the registry of plugins: {problem:?}"))?;
    service.registry().follow();
    Ok(service)
}

/// What seals the secrets that people set: under the configured key, or one that is made at the first start.
fn seal(config: &Config, random: &dyn Random) -> anyhow::Result<Seal> {
    let key = match config.plugins.sealing_key()? {
        Some(key) => key,
        None => {
            let file = config.secrets_key_file();
            let bytes = keyfile::read_or_create(&file, || {
                let mut key = [0; KEY_BYTES];
                random.fill(&mut key);
                Ok(key.to_vec())
            })?;
            let key = bytes.try_into().ok();
            key.with_context(|| format!("{} is no key", file.display()))?
        }
    };
    Seal::new(&key, SECRETS_PURPOSE).context("the key that seals secrets")
}
