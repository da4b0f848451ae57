//! Whose shape a tenant's data has, and who has to wait while it changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use stoa_kernel::id::TenantId;
use stoa_wit::{Migration, Package};
use tokio::sync::RwLock;

use super::row::are_same;
use crate::revision::Revision;

/// Tenants that are remembered; beyond it those go that nobody uses at the moment, whose rows are then read again.
const REMEMBERED_MAX: usize = 100_000;

/// The version whose shape a tenant's data has; none when nobody has looked since the host started.
#[derive(Debug, Default)]
pub struct Shape(Option<Arc<Package>>);

impl Shape {
    /// That of a version.
    pub fn of(revision: &Revision) -> Self {
        Self(Some(Arc::clone(&revision.package)))
    }

    /// Whether it is this version's, as far as is known.
    pub fn is_of(&self, revision: &Revision) -> bool {
        let package = self.0.as_ref();
        package.is_some_and(|package| Arc::ptr_eq(package, &revision.package))
    }

    /// The steps that the data has gone, if that is known.
    pub fn steps(&self) -> Option<&[Migration]> {
        let package = self.0.as_ref();
        package.map(|package| package.manifest.migrations.as_slice())
    }

    /// Whether this version can read the data, if that is known.
    pub fn suits(&self, revision: &Revision) -> Option<bool> {
        let own = &revision.package.manifest.migrations;
        self.steps().map(|steps| are_same(steps, own))
    }

    /// Takes it for this version's, unless it is known.
    pub fn presume(&mut self, revision: &Revision) {
        if self.0.is_none() {
            *self = Self::of(revision);
        }
    }
}

/// One tenant's gate: calls hold it together, whoever changes the shape of the data alone.
pub type Gate = Arc<RwLock<Shape>>;

/// The gates of one plugin, whichever version of it serves.
#[derive(Debug, Default)]
pub struct Gates {
    gates: Mutex<HashMap<TenantId, Gate>>,
    troubles: Mutex<BTreeMap<TenantId, String>>,
}

impl Gates {
    /// A tenant's gate.
    pub fn of(&self, tenant: &TenantId) -> Gate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(tenant) {
            return Arc::clone(gate);
        }
        if gates.len() >= REMEMBERED_MAX {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        Arc::clone(gates.entry(tenant.clone()).or_default())
    }

    /// Remembers why a tenant's data can't be brought to the version that serves; none when it was.
    pub fn trouble(&self, tenant: &TenantId, why: Option<&str>) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) if troubles.len() < REMEMBERED_MAX => {
                troubles.insert(tenant.clone(), why.to_owned());
            }
            Some(_) => {}
            None => {
                troubles.remove(tenant);
            }
        }
    }

    /// What `/health` says of it. Which tenants those are is for the log.
    pub fn troubles(&self) -> Option<String> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let why = troubles.values().next()?;
        let tenants = troubles.len();
        Some(format!(
            "the data of {tenants} tenants can't be migrated: {why}"
        ))
    }
}
