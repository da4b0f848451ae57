//! How a file becomes a live plugin, or is refused while the version before it goes on.

use std::collections::{BTreeSet, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use stoa_kernel::id::CollectionName;
use stoa_kernel::limits::CallLimits;
use stoa_kernel::store::{Realm, StoreError};
use stoa_wit::{Collection, Package, Reuse};
use tokio::sync::Semaphore;
use wasmtime::component::{Component, InstancePre};

use crate::Core;
use crate::artifact::{ARTIFACT_BYTES_MAX, Artifact, ArtifactError};
use crate::bindings::exports::stoa::events::subscriber::GuestIndices as SubscriberIndices;
use crate::bindings::exports::stoa::http::handler::GuestIndices as HandlerIndices;
use crate::bindings::exports::stoa::lifecycle::lifecycle::GuestIndices as LifecycleIndices;
use crate::bindings::exports::stoa::lifecycle::personal_data::GuestIndices as PersonalDataIndices;
use crate::bindings::exports::stoa::schedule::scheduled::GuestIndices as ScheduledIndices;
use crate::call;
use crate::compile::CompileError;
use crate::config::Policy;
use crate::linking::{self, LinkError, Used};
use crate::meter::Meter;
use crate::migration::{self, Migrated};
use crate::registry::{Live, SetError};
use crate::reuse::Shelf;
use crate::revision::{CollectionInfo, OUTBOUND_CONCURRENCY_MAX, Revision};
use crate::services::Services;
use crate::state::State;
use crate::transaction::host_scope;
use crate::turnstile::Turnstiles;

/// Milliseconds of a day, the unit of expiry in manifests.
const DAY_MS: u64 = 86_400_000;

/// Why a file did not become a live plugin.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The operator names a service or a secret that the plugin does not have.
    #[error("{0}")]
    Services(String),
    /// The file can't be read.
    #[error("can't be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is no plugin.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// It does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It does not link.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It lacks an export that its manifest promises.
    #[error("plugin.toml promises {0}, but the component does not export it")]
    MissingExport(&'static str),
    /// A setting of the operator does not fit.
    #[error("setting {0}: {1}")]
    Setting(String, String),
    /// It does not fit the other plugins.
    #[error(transparent)]
    Set(#[from] SetError),
    /// The store can't take its collections.
    #[error("the store refuses its collections: {0}")]
    Store(#[from] StoreError),
    /// It says that it is not well.
    #[error("its health call failed: {0}")]
    Unhealthy(String),
    /// A tenant's data can't be migrated.
    #[error("its migration failed: {0}")]
    Migration(String),
    /// Another file has this name already.
    #[error("the plugin {0} comes from {1} already")]
    NameTaken(String, PathBuf),
}

/// A plugin that could go live.
pub struct Candidate {
    /// The version.
    pub revision: Arc<Revision>,
    /// What it was compiled against.
    pub used: Arc<Used>,
}

/// Reads, judges, compiles and links a file: everything that needs no other plugin.
///
/// # Errors
/// Every [`ActivationError`] up to [`ActivationError::Setting`].
pub async fn prepare(core: &Arc<Core>, file: &Path) -> Result<Candidate, ActivationError> {
    let (core, file) = (Arc::clone(core), file.to_path_buf());
    // Hashing, compiling and linking take their time: requests keep their threads.
    let prepared = tokio::task::spawn_blocking(move || prepare_blocking(&core, &file)).await;
    prepared.map_err(|error| CompileError::GaveUp(error.to_string()))?
}

fn prepare_blocking(core: &Core, file: &Path) -> Result<Candidate, ActivationError> {
    let artifact = Artifact::read(read(file)?)?;
    let begun = Instant::now();
    let component = core.loader.load(&artifact)?;
    tracing::debug!(file = %file.display(), took_ms = begun.elapsed().as_millis() as u64, "code is ready");
    let package = Arc::new(artifact.package);
    let policy = core.policy.load_full();
    let none = BTreeSet::new();
    let denied = policy.denied.get(&package.manifest.name).unwrap_or(&none);
    let (pre, used) = linking::link(&component, &package, denied)?;
    let operator = Operator {
        settings: settings(&policy, &package)?,
        services: services(&policy, &package)?,
    };
    let revision = revision(core, artifact.digest, package, operator, &component, pre)?;
    Ok(Candidate {
        revision: Arc::new(revision),
        used: Arc::new(used),
    })
}

/// The file's bytes; one that is too large is not read to its end.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?
        .take(ARTIFACT_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the operator has set for a plugin.
struct Operator {
    settings: HashMap<String, String>,
    services: Services,
}

fn revision(
    core: &Core,
    digest: String,
    package: Arc<Package>,
    operator: Operator,
    component: &Component,
    pre: InstancePre<State>,
) -> Result<Revision, ActivationError> {
    let manifest = &package.manifest;
    let handler = HandlerIndices::new(&pre).ok();
    if handler.is_none() && manifest.answers_requests() {
        return Err(ActivationError::MissingExport("routes (stoa:http/handler)"));
    }
    let lifecycle = LifecycleIndices::new(&pre).ok();
    if lifecycle.is_none() && manifest.lifecycle {
        return Err(ActivationError::MissingExport(
            "lifecycle (stoa:lifecycle/lifecycle)",
        ));
    }
    let personal_data = PersonalDataIndices::new(&pre)
        .ok()
        .filter(|_| manifest.personal_data);
    if personal_data.is_none() && manifest.personal_data {
        return Err(ActivationError::MissingExport(
            "personal_data (stoa:lifecycle/personal-data)",
        ));
    }
    let subscriber = SubscriberIndices::new(&pre).ok();
    if subscriber.is_none() && !manifest.subscriptions.is_empty() {
        return Err(ActivationError::MissingExport(
            "subscriptions (stoa:events/subscriber)",
        ));
    }
    let scheduled = ScheduledIndices::new(&pre).ok();
    if scheduled.is_none() && !manifest.schedules.is_empty() {
        return Err(ActivationError::MissingExport(
            "schedules (stoa:schedule/scheduled)",
        ));
    }
    let limits = CallLimits::resolve(
        &manifest.limits,
        &core.config.limits_default,
        &core.config.limits_cap,
    );
    let reuse = if core.config.allow_reuse {
        manifest.instance.reuse
    } else {
        Reuse::Never
    };
    let collections = manifest
        .collections
        .iter()
        .map(|(name, collection)| {
            (
                name.clone(),
                collection_info(&manifest.name, name, collection),
            )
        })
        .collect();
    Ok(Revision {
        name: manifest.name.as_str().into(),
        digest,
        limits,
        reuse,
        handler,
        lifecycle,
        personal_data,
        subscriber,
        scheduled,
        provided: linking::provided(component, &package)?,
        settings: operator.settings,
        services: operator.services,
        outbound_slots: Semaphore::new(OUTBOUND_CONCURRENCY_MAX),
        collections,
        slots: Arc::new(Semaphore::new(limits.concurrency_max as usize)),
        turnstiles: Turnstiles::default(),
        migrated: Migrated::default(),
        meter: Meter::new(&manifest.name),
        pace: Arc::default(),
        shelf: Shelf::default(),
        pre,
        package: Arc::clone(&package),
    })
}

fn collection_info(plugin: &str, name: &str, collection: &Collection) -> CollectionInfo {
    CollectionInfo {
        name: CollectionName::new(plugin, name),
        expiry_ms: collection.expiry_days.map(|days| u64::from(days) * DAY_MS),
    }
}

/// Where the operator says that services are, and the secrets that it keeps.
fn services(policy: &Policy, package: &Package) -> Result<Services, ActivationError> {
    let manifest = &package.manifest;
    let name = &manifest.name;
    let (destinations, secrets) = (policy.outbound.get(name), policy.secrets.get(name));
    Services::resolve(manifest, destinations, secrets).map_err(ActivationError::Services)
}

/// The operator's settings over the manifest's defaults.
fn settings(
    policy: &Policy,
    package: &Package,
) -> Result<HashMap<String, String>, ActivationError> {
    let manifest = &package.manifest;
    let mut settings = HashMap::new();
    for (name, setting) in &manifest.settings {
        if let Some(value) = &setting.default {
            settings.insert(name.clone(), value.to_string());
        }
    }
    for (name, value) in policy.settings.get(&manifest.name).into_iter().flatten() {
        let Some(setting) = manifest.settings.get(name) else {
            return Err(ActivationError::Setting(
                name.clone(),
                format!("{} has no such setting", manifest.name),
            ));
        };
        if !setting.kind.admits(value) {
            return Err(ActivationError::Setting(
                name.clone(),
                format!("{value} is not a {:?}", setting.kind),
            ));
        }
        settings.insert(name.clone(), value.to_string());
    }
    Ok(settings)
}

/// Tries a candidate beside the plugins it would live with: its collections exist, it is well, and every
/// tenant's data is migrated. The set goes live after this, and only then.
///
/// # Errors
/// [`ActivationError::Store`], [`ActivationError::Unhealthy`] and [`ActivationError::Migration`].
pub async fn rehearse(
    core: &Core,
    live: &Arc<Live>,
    candidate: &Candidate,
) -> Result<(), ActivationError> {
    let revision = &candidate.revision;
    let manifest = &revision.package.manifest;
    let collections: Vec<(String, Collection)> = manifest
        .collections
        .iter()
        .map(|(name, collection)| (name.clone(), collection.clone()))
        .collect();
    if !collections.is_empty() {
        core.ports
            .store
            .declare(Realm::Tenants, &manifest.name, &collections)
            .await?;
    }
    health(core, live, revision)
        .await
        .map_err(ActivationError::Unhealthy)?;
    if revision.lifecycle.is_some() {
        for tenant in core.ports.store.tenants().await? {
            migration::ensure(core, live, revision, &tenant)
                .await
                .map_err(|reason| ActivationError::Migration(format!("{tenant}: {reason}")))?;
        }
    }
    Ok(())
}

/// Makes an instance and asks it how it is. A plugin without a say is well when it can be instantiated.
async fn health(core: &Core, live: &Arc<Live>, revision: &Arc<Revision>) -> Result<(), String> {
    let tenant = &core.config.default_tenant;
    let scope = host_scope(core, live, revision, tenant, "health")
        .await
        .map_err(|error| error.to_string())?;
    let answer = call::run(revision, &scope, 0, async |living| {
        match &revision.lifecycle {
            Some(indices) => {
                let guest = indices.load(&mut living.store, &living.instance)?;
                guest.call_health(&mut living.store).await
            }
            None => Ok(Ok(())),
        }
    })
    .await;
    answer.map_err(|fault| fault.to_string())?
}
