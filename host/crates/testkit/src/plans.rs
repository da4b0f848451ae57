//! Plans with less room than they have, so that a test can fill it.

use std::sync::Arc;

use async_trait::async_trait;
use stoa_identity::organizations::{PlanQuota, TenantPlans};
use stoa_kernel::blob::StorageQuota;
use stoa_kernel::id::TenantId;
use stoa_kernel::plans::{Plan, Plans, STORAGE_BYTES};
use stoa_kernel::store::StoreError;

/// The host's plans, with one part in so many of their room.
pub(crate) struct CrampedPlans {
    pub(crate) plans: Arc<TenantPlans>,
    pub(crate) quota: PlanQuota,
    pub(crate) parts: u64,
}

impl CrampedPlans {
    fn cramped(&self, mut plan: Plan) -> Plan {
        for (name, limit) in &mut plan.limits {
            if name == STORAGE_BYTES {
                *limit = limit.map(|bytes| bytes / self.parts);
            }
        }
        plan
    }
}

#[async_trait]
impl Plans for CrampedPlans {
    fn list(&self) -> Vec<Plan> {
        let plans = self.plans.list().into_iter();
        plans.map(|plan| self.cramped(plan)).collect()
    }

    async fn current(&self, tenant: &TenantId) -> Result<Plan, StoreError> {
        Ok(self.cramped(self.plans.current(tenant).await?))
    }

    async fn is_bound(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        self.plans.is_bound(tenant).await
    }
}

#[async_trait]
impl StorageQuota for CrampedPlans {
    async fn storage_bytes_max(&self, tenant: &TenantId) -> Result<Option<u64>, StoreError> {
        let bytes = self.quota.storage_bytes_max(tenant).await?;
        Ok(bytes.map(|bytes| bytes / self.parts))
    }
}
