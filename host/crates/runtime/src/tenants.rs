//! How many requests each tenant has under way: one tenant's flood leaves room for the others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use stoa_kernel::id::TenantId;

/// Counts requests by tenant.
pub struct Tenants {
    per_tenant_max: u32,
    running: Mutex<HashMap<TenantId, u32>>,
}

/// A tenant's request, until dropped.
pub struct Entered<'a> {
    tenants: &'a Tenants,
    tenant: TenantId,
}

impl Tenants {
    /// At most so many requests for each.
    #[must_use]
    pub fn new(per_tenant_max: u32) -> Self {
        Self {
            per_tenant_max,
            running: Mutex::default(),
        }
    }

    /// Begins a request; none if the tenant has too many.
    pub fn enter(&self, tenant: &TenantId) -> Option<Entered<'_>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(tenant.clone()).or_default();
        if *count >= self.per_tenant_max {
            return None;
        }
        *count += 1;
        Some(Entered {
            tenants: self,
            tenant: tenant.clone(),
        })
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut running = self
            .tenants
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_full_tenant_leaves_room_for_others() {
        let tenants = Tenants::new(1);
        let (a, b) = (TenantId::parse("a").unwrap(), TenantId::parse("b").unwrap());
        let first = tenants.enter(&a).unwrap();
        assert!(tenants.enter(&a).is_none());
        assert!(tenants.enter(&b).is_some());
        drop(first);
        assert!(tenants.enter(&a).is_some());
        assert!(tenants.running.lock().unwrap().is_empty());
    }
}
