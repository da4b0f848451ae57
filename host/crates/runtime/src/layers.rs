//! What was given for a plugin by its name, beside its versions: for the deployment and for single tenants. It is read
//! at each use, so that a change is live at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use stoa_kernel::deployment::Scope;
use stoa_kernel::id::TenantId;

/// Values by name.
pub type Named<T> = Arc<BTreeMap<String, T>>;

/// Values by scope and name.
#[derive(Debug)]
pub struct Layers<T>(RwLock<All<T>>);

#[derive(Debug)]
struct All<T> {
    deployment: Named<T>,
    tenants: HashMap<TenantId, Named<T>>,
}

impl<T> Default for Layers<T> {
    fn default() -> Self {
        Self(RwLock::new(All {
            deployment: Named::default(),
            tenants: HashMap::new(),
        }))
    }
}

impl<T> Layers<T> {
    /// Replaces the values of a scope.
    pub fn set(&self, scope: &Scope, values: BTreeMap<String, T>) {
        let mut all = self.write();
        match scope {
            Scope::Deployment => all.deployment = Arc::new(values),
            Scope::Tenant(tenant) if values.is_empty() => drop(all.tenants.remove(tenant)),
            Scope::Tenant(tenant) => drop(all.tenants.insert(tenant.clone(), Arc::new(values))),
        }
    }

    /// The deployment's.
    pub fn deployment(&self) -> Named<T> {
        Arc::clone(&self.read().deployment)
    }

    /// A tenant's, if it has any.
    pub fn tenant(&self, tenant: &TenantId) -> Option<Named<T>> {
        self.read().tenants.get(tenant).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, All<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, All<T>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
