//! Bringing tenants' data to a plugin's version, once each.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Value, json};
use stoa_kernel::crash::{self, CrashPoint};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::limits::COMMIT_TRIES_MAX;
use stoa_kernel::store::{CommitError, Expiry};
use tokio::sync::{Mutex, MutexGuard};

use crate::Core;
use crate::artifact::HOST_PLUGIN;
use crate::call;
use crate::registry::Live;
use crate::revision::Revision;
use crate::transaction::{commit, host_scope};

/// The host's own collection: which version of each plugin has migrated the tenant's data.
pub const MIGRATIONS: &str = "migrations";

/// Tenants that are remembered as up to date; beyond it all are looked up again, which costs each a read.
const REMEMBERED_MAX: usize = 100_000;

/// Migrations of one version that run at the same time at most; a tenant always waits for its own.
const LANES: usize = 16;

/// Which tenants are up to date with one version. It ends with its version: what a version that comes
/// back later finds may be another one's.
pub struct Migrated {
    tenants: RwLock<HashSet<TenantId>>,
    lanes: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Default for Migrated {
    fn default() -> Self {
        Self {
            tenants: RwLock::default(),
            lanes: (0..LANES).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Migrated {
    fn contains(&self, tenant: &TenantId) -> bool {
        self.tenants
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(tenant)
    }

    fn remember(&self, tenant: &TenantId) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= REMEMBERED_MAX {
            tenants.clear();
        }
        tenants.insert(tenant.clone());
    }

    /// The tenant's data may be another version's from now on.
    pub fn forget(&self, tenant: &TenantId) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.remove(tenant);
    }

    /// All tenants' data may be another version's.
    pub fn forget_all(&self) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.clear();
    }

    async fn alone(&self, tenant: &TenantId) -> Option<MutexGuard<'_, ()>> {
        let lane = usize::try_from(self.hasher.hash_one(tenant) % LANES as u64).unwrap_or(0);
        Some(self.lanes.get(lane)?.lock().await)
    }
}

/// Migrates the tenant's data to this version unless that has been done.
///
/// # Errors
/// Why the plugin refused, or what failed: the data is then as before.
pub async fn ensure(
    core: &Core,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    tenant: &TenantId,
) -> Result<(), String> {
    if revision.lifecycle.is_none() || revision.migrated.contains(tenant) {
        return Ok(());
    }
    let _alone = revision.migrated.alone(tenant).await;
    if !revision.migrated.contains(tenant) {
        migrate(core, live, revision, tenant).await?;
        revision.migrated.remember(tenant);
    }
    Ok(())
}

/// Migrates one tenant's data, again after a conflict.
async fn migrate(
    core: &Core,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    tenant: &TenantId,
) -> Result<(), String> {
    let Some(indices) = &revision.lifecycle else {
        return Ok(());
    };
    let collection = CollectionName::new(HOST_PLUGIN, MIGRATIONS);
    let version = &revision.package.manifest.version;
    for _ in 0..COMMIT_TRIES_MAX {
        let scope = host_scope(core, live, revision, tenant, "migrate")
            .await
            .map_err(|error| error.to_string())?;
        let stored = scope
            .unit
            .get(&collection, &revision.name)
            .await
            .map_err(|error| error.to_string())?;
        let stored = stored.and_then(|document| serde_json::from_str::<Value>(&document.body).ok());
        let stored = stored
            .as_ref()
            .and_then(|body| body["version"].as_str())
            .unwrap_or_default();
        if stored == version {
            return Ok(());
        }
        let export = call::Export {
            interface: "stoa:lifecycle/lifecycle",
            function: "migrate",
        };
        call::run(revision, &scope, export, async |living| {
            let guest = indices.load(&mut living.store, &living.instance)?;
            guest.call_migrate(&mut living.store, stored).await
        })
        .await
        .map_err(|fault| fault.to_string())??;
        let body = json!({ "version": version });
        scope
            .unit
            .put(&collection, &revision.name, None, body, Expiry::Never)
            .await
            .map_err(|error| error.to_string())?;
        crash::pass(CrashPoint::BeforeMigrated, &revision.name);
        match commit(&scope).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Err("too many requests changed the same data at once".into())
}
