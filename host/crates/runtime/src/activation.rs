//! How a file becomes a live plugin, or is refused while the version before it goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use stoa_kernel::deployment::{self, Deployment, Loss};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::limits::CallLimits;
use stoa_kernel::store::StoreError;
use stoa_kernel::trace::SPANS;
use stoa_wit::{Collection, Package, Permission, Reuse};
use tokio::sync::Semaphore;
use tracing::field::Empty;
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
use crate::grants::Grants;
use crate::linking::{self, LinkError, Used};
use crate::meter::Meter;
use crate::migration::{self, Failed};
use crate::records::Record;
use crate::registry::{Live, SetError};
use crate::reuse::Shelf;
use crate::revision::{CollectionInfo, OUTBOUND_CONCURRENCY_MAX, Revision};
use crate::services::Services;
use crate::settings::{Settings, Unfit};
use crate::shapes;
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
    /// A setting does not fit, or is missing.
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
    Migration(#[from] Failed),
    /// Another file has this name already.
    #[error("the plugin {0} comes from {1} already")]
    NameTaken(String, String),
    /// It is another file than the one that was meant.
    #[error("its digest is {0}, which is not the one that was meant")]
    OtherFile(String),
    /// It went live and failed.
    #[error("this version went live and failed too often")]
    Failed,
    /// Documents of a tenant share a value of these fields, which are a unique list of this version only.
    #[error("documents of the tenant {0} share their {1}, which no two may in this version")]
    Duplicates(TenantId, String),
    /// A tenant's version would change a collection that other versions have.
    #[error("its collection {0} is not as in the version that others have")]
    Collection(String),
}

impl From<Unfit> for ActivationError {
    fn from(Unfit(name, reason): Unfit) -> Self {
        Self::Setting(name, reason)
    }
}

/// Where a version comes from, with what is decided about it.
pub enum Origin {
    /// A file of the plugin folder, and the digest of a version of it that failed.
    Folder {
        /// It.
        file: PathBuf,
        /// What is not taken again.
        failed: Option<String>,
    },
    /// The registry.
    Registry(Deployment),
}

impl Origin {
    /// The file's bytes; one that is too large is not read to its end.
    fn read(&self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Folder { file, .. } => {
                let mut bytes = Vec::new();
                std::fs::File::open(file)?
                    .take(ARTIFACT_BYTES_MAX as u64 + 1)
                    .read_to_end(&mut bytes)?;
                Ok(bytes)
            }
            Self::Registry(deployment) => Ok(deployment.file.to_vec()),
        }
    }

    /// Whether this is the file that was meant, and one that has not failed.
    fn expects(&self, artifact: &Artifact) -> Result<(), ActivationError> {
        match self {
            Self::Folder { failed, .. } if failed.as_ref() == Some(&artifact.digest) => {
                Err(ActivationError::Failed)
            }
            Self::Registry(meant)
                if meant.digest != artifact.digest
                    || meant.plugin != artifact.package.manifest.name =>
            {
                Err(ActivationError::OtherFile(artifact.digest.clone()))
            }
            Self::Folder { .. } | Self::Registry(_) => Ok(()),
        }
    }
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
pub async fn prepare(core: &Arc<Core>, origin: Origin) -> Result<Candidate, ActivationError> {
    let core = Arc::clone(core);
    // Hashing, compiling and linking take their time: requests keep their threads.
    let span = tracing::info_span!(
        target: SPANS,
        "plugin.prepare",
        otel.status_code = Empty,
        stoa.plugin = Empty,
        stoa.plugin.version = Empty,
    );
    let prepare = move || {
        let prepared = span.in_scope(|| prepare_blocking(&core, origin));
        match &prepared {
            Ok(Candidate { revision, .. }) => {
                span.record("stoa.plugin", &*revision.name);
                span.record("stoa.plugin.version", &*revision.package.manifest.version);
            }
            Err(_) => {
                span.record("otel.status_code", "ERROR");
            }
        }
        prepared
    };
    let prepared = tokio::task::spawn_blocking(prepare).await;
    prepared.map_err(|error| CompileError::GaveUp(error.to_string()))?
}

fn prepare_blocking(core: &Core, origin: Origin) -> Result<Candidate, ActivationError> {
    let artifact = Artifact::read(origin.read()?)?;
    origin.expects(&artifact)?;
    let begun = Instant::now();
    let component = core.loader.share(&artifact)?;
    let name = &*artifact.package.manifest.name;
    tracing::debug!(
        name,
        took_ms = begun.elapsed().as_millis() as u64,
        "code is ready"
    );
    let (policy, none) = (core.policy.load_full(), BTreeSet::new());
    let denied = match &origin {
        Origin::Folder { .. } => policy.denied.get(name).unwrap_or(&none),
        // It may be there with less than it asks for, and learns of it when it tries.
        Origin::Registry(_) => &none,
    };
    let (pre, used) = linking::link(&component, &artifact.package, denied)?;
    let record = core.records.of(name);
    let decided = Decided::about(origin, &policy, &artifact.package, &record)?;
    let code = Code {
        digest: artifact.digest,
        package: Arc::new(artifact.package),
        component,
        pre,
    };
    let revision = Arc::new(revision(core, code, decided)?);
    let manifest = &revision.package.manifest;
    revision.grants.judge(manifest, &policy);
    core.adopt(&revision);
    Ok(Candidate {
        revision,
        used: Arc::new(used),
    })
}

/// Judges and compiles a file, and runs none of it.
///
/// # Errors
/// Every [`ActivationError`] up to [`ActivationError::Link`].
pub async fn examine(core: &Arc<Core>, file: Bytes) -> Result<Artifact, ActivationError> {
    let core = Arc::clone(core);
    let examined = tokio::task::spawn_blocking(move || {
        let artifact = Artifact::read(file.to_vec())?;
        let component = core.loader.share(&artifact)?;
        linking::link(&component, &artifact.package, &BTreeSet::new())?;
        linking::provided(&component, &artifact.package)?;
        Ok(artifact)
    });
    let examined = examined.await;
    examined.map_err(|error| CompileError::GaveUp(error.to_string()))?
}

/// What depends on the file alone.
struct Code {
    digest: String,
    package: Arc<Package>,
    component: Arc<Component>,
    pre: InstancePre<State>,
}

/// What the operator or the registry decides about a version.
struct Decided {
    settings: Settings,
    services: Services,
    grants: Option<BTreeSet<Permission>>,
    accept_loss: bool,
}

impl Decided {
    fn about(
        origin: Origin,
        policy: &Policy,
        package: &Package,
        record: &Record,
    ) -> Result<Self, ActivationError> {
        let manifest = &package.manifest;
        let configured = policy.settings.get(&manifest.name);
        let destinations = policy.outbound.get(&manifest.name);
        let secrets = policy.secrets.get(&manifest.name);
        match origin {
            Origin::Folder { .. } => Ok(Self {
                settings: Settings::of_file(manifest, configured, &record.settings)?,
                services: Services::resolve(manifest, destinations, secrets)
                    .map_err(ActivationError::Services)?,
                grants: None,
                accept_loss: false,
            }),
            Origin::Registry(deployment) => {
                // The operator's word is for all versions of the name; this one may have less.
                let destinations = destinations.map(|all| only(all, &manifest.outbound));
                let secrets = secrets.map(|all| only(all, &manifest.secrets));
                let (scope, own) = (&deployment.scope, deployment.settings);
                Ok(Self {
                    settings: Settings::of_registry(manifest, scope, configured, own)?,
                    services: Services::resolve(manifest, destinations.as_ref(), secrets.as_ref())
                        .map_err(ActivationError::Services)?,
                    grants: Some(deployment.grants),
                    accept_loss: deployment.accept_loss,
                })
            }
        }
    }
}

/// Of what is said by name, that of known names.
fn only<T: Clone, U>(
    all: &BTreeMap<String, T>,
    known: &BTreeMap<String, U>,
) -> BTreeMap<String, T> {
    let all = all.iter().filter(|(name, _)| known.contains_key(*name));
    all.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn revision(core: &Core, code: Code, decided: Decided) -> Result<Revision, ActivationError> {
    let Code {
        digest,
        package,
        component,
        pre,
    } = code;
    let manifest = &package.manifest;
    let handler = HandlerIndices::new(&pre).ok();
    if handler.is_none() && manifest.answers_requests() {
        return Err(ActivationError::MissingExport("routes (stoa:http/handler)"));
    }
    let lifecycle = LifecycleIndices::new(&pre)
        .ok()
        .filter(|_| manifest.lifecycle);
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
        provided: linking::provided(&component, &package)?,
        grants: Grants::new(decided.grants),
        settings: decided.settings,
        services: decided.services,
        outbound_slots: Semaphore::new(OUTBOUND_CONCURRENCY_MAX),
        collections,
        slots: Arc::new(Semaphore::new(limits.concurrency_max as usize)),
        turnstiles: Turnstiles::default(),
        accepts_loss: decided.accept_loss,
        breaker: Arc::default(),
        record: core.records.of(&manifest.name),
        meter: Meter::new(&manifest.name),
        pace: Arc::default(),
        shelf: Shelf::default(),
        component,
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

/// Tries a candidate beside the plugins it would live with: its collections exist, it is well, its steps can be gone,
/// and its code has migrated the data of these tenants if it has no steps to go before that. The set goes live after
/// this, and only then. `before` is what serves until then.
///
/// # Errors
/// [`ActivationError::Duplicates`], [`ActivationError::Store`], [`ActivationError::Unhealthy`] and
/// [`ActivationError::Migration`]. Its collections stay declared.
pub async fn rehearse(
    core: &Core,
    live: &Arc<Live>,
    candidate: &Candidate,
    scope: &deployment::Scope,
    tenants: &[TenantId],
    before: Option<&Revision>,
) -> Result<(), ActivationError> {
    let revision = &candidate.revision;
    let manifest = &revision.package.manifest;
    shapes::try_out(&*core.ports.store, manifest).await?;
    let tenant = match scope {
        deployment::Scope::Deployment => &core.config.default_tenant,
        deployment::Scope::Tenant(tenant) => tenant,
    };
    health(core, live, revision, tenant)
        .await
        .map_err(ActivationError::Unhealthy)?;
    let is_other = |before: &Revision| {
        !migration::are_same(&before.package.manifest.migrations, &manifest.migrations)
    };
    let of = |tenant: &TenantId, failed: Failed| Failed(format!("{tenant}: {failed}"));
    if before.is_some_and(is_other) {
        let losses = migration::losses(core, manifest, tenants).await?;
        let steps: Vec<Loss> = losses
            .into_iter()
            .filter(|loss| loss.step.is_some())
            .collect();
        if !revision.accepts_loss {
            migration::refuse(&steps)?;
        }
        for tenant in tenants {
            let tried = migration::try_out(core, manifest, tenant).await;
            tried.map_err(|failed| of(tenant, failed))?;
        }
    }
    if revision.lifecycle.is_some() {
        for tenant in tenants {
            let migrated = migration::ahead(core, live, revision, before, tenant).await;
            migrated.map_err(|failed| of(tenant, failed))?;
        }
    }
    // What it did for the host is no sign that it serves anybody.
    revision.breaker.forget();
    Ok(())
}

/// Makes an instance and asks it how it is. A plugin without a say is well when it can be instantiated.
async fn health(
    core: &Core,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    tenant: &TenantId,
) -> Result<(), String> {
    let scope = host_scope(core, live, revision, tenant, "health")
        .await
        .map_err(|error| error.to_string())?;
    let export = call::Export {
        interface: "stoa:lifecycle/lifecycle",
        function: "health",
    };
    let answer = call::run(revision, &scope, export, async |living| {
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
