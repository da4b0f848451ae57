//! Bringing tenants' data to a plugin's version, once each.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Value, json};
use stoa_kernel::error::Problem;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::{CommitError, Expiry};
use tokio::sync::Mutex;

use crate::Core;
use crate::artifact::HOST_PLUGIN;
use crate::call;
use crate::registry::Live;
use crate::revision::Revision;
use crate::transaction::host_scope;

/// The host's own collection: which version of each plugin has migrated the tenant's data.
pub const MIGRATIONS: &str = "migrations";

/// Which tenants are up to date with which versions.
#[derive(Default)]
pub struct Migrations {
    done: RwLock<HashSet<(TenantId, Arc<str>, String)>>,
    running: Mutex<()>,
}

impl Migrations {
    /// Migrates the tenant's data to this version unless that has been done.
    ///
    /// # Errors
    /// 503 when the plugin refuses or the store fails: the data is then as before.
    pub async fn ensure(&self, core: &Core, live: &Arc<Live>, revision: &Arc<Revision>, tenant: &TenantId) -> Result<(), Problem> {
        if revision.lifecycle.is_none() {
            return Ok(());
        }
        let version = revision.package.manifest.version.clone();
        let key = (tenant.clone(), revision.name.clone(), version);
        if self.done.read().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            return Ok(());
        }
        let _alone = self.running.lock().await;
        if !self.done.read().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            migrate(core, live, revision, tenant).await.map_err(|reason| {
                Problem::unavailable(5, format!("plugin {} can't migrate {tenant}: {reason}", revision.name))
            })?;
            self.done.write().unwrap_or_else(PoisonError::into_inner).insert(key);
        }
        Ok(())
    }
}

/// Migrates one tenant's data, however often that meets a conflict.
///
/// # Errors
/// Why the plugin refused, or what failed.
pub async fn migrate(core: &Core, live: &Arc<Live>, revision: &Arc<Revision>, tenant: &TenantId) -> Result<(), String> {
    let Some(indices) = &revision.lifecycle else { return Ok(()) };
    let collection = CollectionName::new(HOST_PLUGIN, MIGRATIONS);
    let version = &revision.package.manifest.version;
    loop {
        let scope = host_scope(core, live, revision, tenant, "migrate").await.map_err(|error| error.to_string())?;
        let stored = scope.unit.get(&collection, &revision.name).await.map_err(|error| error.to_string())?;
        let stored = stored.and_then(|document| serde_json::from_str::<Value>(&document.body).ok());
        let stored = stored.as_ref().and_then(|body| body["version"].as_str()).unwrap_or_default();
        if stored == version {
            return Ok(());
        }
        call::run(revision, &scope, 0, async |living| {
            let guest = indices.load(&mut living.store, &living.instance)?;
            guest.call_migrate(&mut living.store, stored).await
        })
        .await
        .map_err(|fault| fault.to_string())??;
        let body = json!({ "version": version });
        scope.unit.put(&collection, &revision.name, None, body, Expiry::Never).await.map_err(|error| error.to_string())?;
        match scope.unit.commit().await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}
