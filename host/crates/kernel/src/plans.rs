//! The port of plans: what tenants pay for, and what that allows.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::store::StoreError;

/// The event by which a plugin puts its tenant on a plan: the host raises it in the plugin's unit of work, and
/// whoever keeps the tenants' plans handles it. Its payload is a [`PlanChange`].
pub const PLAN_CHANGED: &str = "host.plan-changed";

/// What [`PLAN_CHANGED`] tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanChange {
    /// The plan's id.
    pub plan: String,
}

/// The name of the limit on what a tenant stores: bytes of its files, and of the documents of each of its plugins.
pub const STORAGE_BYTES: &str = "storage-bytes";

/// What can be paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Such as `team`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What each limit allows, by the limit's name; none for no bound.
    pub limits: Vec<(String, Option<u64>)>,
}

impl Plan {
    /// What a limit allows; none for no bound, or if the plan has no such limit.
    #[must_use]
    pub fn limit(&self, name: &str) -> Option<u64> {
        let mut limits = self.limits.iter();
        limits.find(|(known, _)| known == name)?.1
    }
}

/// Knows what tenants pay for.
#[async_trait]
pub trait Plans: Send + Sync + 'static {
    /// All plans, the smallest first.
    fn list(&self) -> Vec<Plan>;

    /// The tenant's plan. One that is no organisation, such as the configured default, is bound by nothing.
    ///
    /// # Errors
    /// When the store can't tell.
    async fn current(&self, tenant: &TenantId) -> Result<Plan, StoreError>;

    /// Whether the tenant has a plan that could be changed: whether it is an organisation.
    ///
    /// # Errors
    /// When the store can't tell.
    async fn is_bound(&self, tenant: &TenantId) -> Result<bool, StoreError>;
}
