//! Bringing tenants' data to a plugin's version, once each: first the steps that its manifest declares, then its code.

mod gates;
mod losses;
mod row;
mod steps;

use std::sync::Arc;
use std::time::Instant;

use stoa_kernel::crash::{self, CrashPoint};
use stoa_kernel::deployment::Loss;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::COMMIT_TRIES_MAX;
use stoa_kernel::store::{CommitError, StoreError};
use stoa_wit::Manifest;
use tokio::sync::OwnedRwLockReadGuard;
use tokio::time::timeout_at;

use crate::Core;
use crate::call;
use crate::fault::Fault;
use crate::registry::Live;
use crate::revision::Revision;
use crate::transaction::{commit, host_scope};

pub use gates::{Gates, Shape};
pub use losses::refuse;
pub use row::are_same;
pub use steps::try_out;

use losses::Losses;
use row::Row;

/// The host's own collection: how far the tenant's data has come, by plugin.
pub const MIGRATIONS: &str = "migrations";

/// Seconds after which a client should come back when its tenant's data can't be migrated.
const FAILED_RETRY_AFTER_S: u32 = 5;

/// Seconds after which a client should come back that met a migration under way.
const BUSY_RETRY_AFTER_S: u32 = 1;

/// Why data is not brought to a version. It tells no document's contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

impl Failed {
    fn busy() -> Self {
        Self("too many requests changed the same data at once".into())
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// Why a call does not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    /// The tenant's data can't be brought to the version.
    #[error("its data can't be migrated: {0}")]
    Failed(#[from] Failed),
    /// The call came with a version whose shape the tenant's data has no longer.
    #[error("the tenant's data is another version's by now")]
    Superseded,
    /// The data is being migrated for longer than the call has time.
    #[error("its data is being migrated")]
    UnderWay,
}

impl Kept {
    /// What a client is told.
    pub fn into_problem(self, plugin: &str) -> Problem {
        let (code, retry_after_s) = match &self {
            Self::Failed(_) => ("migration-failed", FAILED_RETRY_AFTER_S),
            Self::Superseded | Self::UnderWay => ("busy", BUSY_RETRY_AFTER_S),
        };
        Problem {
            code: code.into(),
            ..Problem::unavailable(retry_after_s, format!("plugin {plugin}: {self}"))
        }
    }
}

impl From<Kept> for Fault {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Failed(_) => Self::Store(kept.to_string()),
            Kept::Superseded => Self::Busy("its data is another version's by now"),
            Kept::UnderWay => Self::Busy("its data is being migrated"),
        }
    }
}

/// What tenants would lose by a version.
///
/// # Errors
/// When data can't be read.
pub async fn losses(
    core: &Core,
    manifest: &Manifest,
    tenants: &[TenantId],
) -> Result<Vec<Loss>, Failed> {
    let mut losses = Losses::default();
    for tenant in tenants {
        losses.count(core, manifest, tenant).await?;
    }
    Ok(losses.list())
}

/// A call's hold of the shape of a tenant's data.
pub type Held = OwnedRwLockReadGuard<Shape>;

/// As long as this is held, the tenant's data keeps its shape. None for a plugin without data.
pub type Entered = Option<Held>;

/// Lets a call of a version begin: the tenant's data is the version's, and stays so until the call has ended. The first
/// one migrates; that goes on if the call has no more time.
///
/// # Errors
/// Every [`Kept`].
pub async fn enter(
    core: &Arc<Core>,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    tenant: &TenantId,
    deadline: Instant,
) -> Result<Entered, Kept> {
    if revision.lifecycle.is_none() && revision.collections.is_empty() {
        return Ok(None);
    }
    let gate = revision.record.gates.of(tenant);
    let held = timeout_at(deadline.into(), Arc::clone(&gate).read_owned()).await;
    let held = held.map_err(|_| Kept::UnderWay)?;
    if held.is_of(revision) {
        return Ok(Some(held));
    }
    // Requests that began before a switch end with the version that they began with, if they still can.
    match held.suits(revision) {
        Some(suits) if !core.serves(revision, tenant) => {
            return suits.then_some(Some(held)).ok_or(Kept::Superseded);
        }
        // There is nothing to do, so nobody who still works with the version before has to be waited for.
        Some(true) if revision.lifecycle.is_none() => return Ok(Some(held)),
        _ => drop(held),
    }
    let (core, live) = (Arc::clone(core), Arc::clone(live));
    let (revision, tenant) = (Arc::clone(revision), tenant.clone());
    let migrating = tokio::spawn(async move {
        let mut shape = gate.write_owned().await;
        if shape.is_of(&revision) {
            return Ok(Some(shape.downgrade()));
        }
        if !core.serves(&revision, &tenant) {
            let suits = match shape.suits(&revision) {
                Some(suits) => suits,
                None => has_gone(&core, &revision, &tenant).await?,
            };
            let held = suits.then(|| Some(shape.downgrade()));
            return held.ok_or(Kept::Superseded);
        }
        let accept_loss = revision.accepts_loss;
        bring(&core, &live, &revision, &tenant, accept_loss, &mut shape).await?;
        Ok(Some(shape.downgrade()))
    });
    match timeout_at(deadline.into(), migrating).await {
        Ok(entered) => entered.unwrap_or(Err(Kept::UnderWay)),
        Err(_) => Err(Kept::UnderWay),
    }
}

/// Migrates what a version's code migrates before the version serves, where that needs no step before it. The version
/// before it goes on meanwhile.
///
/// # Errors
/// Why the plugin refused, or what failed: the data is then as before.
pub async fn ahead(
    core: &Core,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    before: Option<&Revision>,
    tenant: &TenantId,
) -> Result<(), Failed> {
    let mut shape = revision.record.gates.of(tenant).write_owned().await;
    if !has_gone(core, revision, tenant).await? {
        return Ok(());
    }
    if let Some(before) = before {
        shape.presume(before);
    }
    by_code(core, live, revision, tenant).await
}

/// Brings a tenant's data to the version that serves it, whatever is lost on the way.
///
/// # Errors
/// Why that can't be.
pub async fn bring_back(
    core: &Core,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    tenant: &TenantId,
) -> Result<(), Failed> {
    let mut shape = revision.record.gates.of(tenant).write_owned().await;
    bring(core, live, revision, tenant, true, &mut shape).await
}

/// For whoever holds the tenant's gate alone. What ends early leaves the data between two shapes.
async fn bring(
    core: &Core,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    tenant: &TenantId,
    accept_loss: bool,
    shape: &mut Shape,
) -> Result<(), Failed> {
    *shape = Shape::default();
    let manifest = &revision.package.manifest;
    let mut brought = steps::bring(core, manifest, tenant, accept_loss).await;
    if brought.is_ok() {
        brought = by_code(core, live, revision, tenant).await;
    }
    let why = brought.as_ref().err().map(ToString::to_string);
    if let Some(why) = &why {
        tracing::error!(plugin = ?revision, %tenant, why, "data can't be migrated");
    }
    revision.record.gates.trouble(tenant, why.as_deref());
    if brought.is_ok() {
        *shape = Shape::of(revision);
    }
    brought
}

/// Whether the tenant's data has gone the version's steps and no other.
async fn has_gone(core: &Core, revision: &Revision, tenant: &TenantId) -> Result<bool, Failed> {
    let row = Row::read(&*core.ports.store, tenant, &revision.name).await?;
    Ok(row.is_at(&revision.package.manifest.migrations))
}

/// Lets a version's code migrate, unless it has seen the data last; again after a conflict.
async fn by_code(
    core: &Core,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    tenant: &TenantId,
) -> Result<(), Failed> {
    let Some(indices) = &revision.lifecycle else {
        return Ok(());
    };
    let version = &revision.package.manifest.version;
    for _ in 0..COMMIT_TRIES_MAX {
        let scope = host_scope(core, live, revision, tenant, "migrate").await?;
        let mut row = Row::of(&*scope.unit, &revision.name).await?;
        if row.version == *version {
            return Ok(());
        }
        let export = call::Export {
            interface: "stoa:lifecycle/lifecycle",
            function: "migrate",
        };
        let migrated = call::run(revision, &scope, export, async |living| {
            let guest = indices.load(&mut living.store, &living.instance)?;
            guest.call_migrate(&mut living.store, &row.version).await
        });
        let migrated = migrated.await;
        let migrated = migrated.map_err(|fault| Failed(fault.to_string()))?;
        migrated.map_err(Failed)?;
        row.seen_by(version, scope.unit.savepoint());
        row.put(&*scope.unit, &revision.name).await?;
        crash::pass(CrashPoint::BeforeMigrated, &revision.name);
        match commit(&scope).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict) => {}
            Err(error) => return Err(Failed(error.to_string())),
        }
    }
    Err(Failed::busy())
}
