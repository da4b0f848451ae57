//! What an organisation may have, by what it pays for.

use async_trait::async_trait;
use stoa_kernel::blob::StorageQuota;
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::quota::OrganizationQuota;
use stoa_kernel::store::StoreError;

use crate::platform::{Platform, unavailable};
use crate::records::{Organization, Plan, PlanLimits};

/// Enough to try everything out with a few others, too little to run a business on.
const FREE: PlanLimits = PlanLimits {
    members: 5,
    products: 100,
    requests_per_minute: 100,
    storage_bytes: 1 << 30,
    running_tests: 2,
};

/// A small shop with the people who run it; ten times the traffic, files for every product.
const TEAM: PlanLimits = PlanLimits {
    members: 25,
    products: 1_000,
    requests_per_minute: 1_000,
    storage_bytes: 50 << 30,
    running_tests: 10,
};

/// As much as one organisation is known to need; the numbers keep a mistake from becoming everybody's, and the
/// open invitations, which lie in one document, from outgrowing it.
const ENTERPRISE: PlanLimits = PlanLimits {
    members: 1_000,
    products: 100_000,
    requests_per_minute: 10_000,
    storage_bytes: 1 << 40,
    running_tests: 100,
};

/// Every plan, the smallest first.
pub(super) const ALL: [Plan; 3] = [Plan::Free, Plan::Team, Plan::Enterprise];

/// What a plan allows.
#[must_use]
pub const fn limits_of(plan: Plan) -> PlanLimits {
    match plan {
        Plan::Free => FREE,
        Plan::Team => TEAM,
        Plan::Enterprise => ENTERPRISE,
    }
}

/// What a tenant's plan allows; none for a tenant that is no organisation, such as the configured default,
/// which belongs to the operator and is bound by no plan.
///
/// # Errors
/// 503 when the store can't be reached.
pub async fn limits(platform: &Platform, tenant: &TenantId) -> Result<Option<PlanLimits>, Problem> {
    let unit = platform.unit().await.map_err(unavailable)?;
    let organization = unit.get::<Organization>(tenant.as_str()).await?;
    Ok(organization.map(|organization| limits_of(organization.plan)))
}

/// What plans grant, for the edge that counts requests. The store keeps organisations at hand.
pub struct PlanQuota(pub Platform);

#[async_trait]
impl OrganizationQuota for PlanQuota {
    async fn requests_per_minute(&self, tenant: &TenantId) -> Option<u32> {
        let limits = limits(&self.0, tenant).await.ok()??;
        Some(limits.requests_per_minute)
    }
}

#[async_trait]
impl StorageQuota for PlanQuota {
    async fn storage_bytes_max(&self, tenant: &TenantId) -> Result<Option<u64>, StoreError> {
        let limits = limits(&self.0, tenant).await;
        let limits = limits.map_err(|problem| StoreError::Unavailable(problem.to_string()))?;
        Ok(limits.map(|limits| limits.storage_bytes))
    }
}

/// Whether one more may be invited: open invitations count as members, so that none of them is empty words.
pub(super) fn check_invitation(organization: &Organization, now: Millis) -> Result<(), Problem> {
    let taken = organization
        .members
        .saturating_add(organization.open_invitations(now));
    check(organization, taken)
}

/// Whether one more may join; invitations may be older than the plan.
pub(super) fn check_member(organization: &Organization) -> Result<(), Problem> {
    check(organization, organization.members)
}

fn check(organization: &Organization, taken: u32) -> Result<(), Problem> {
    let members_max = limits_of(organization.plan).members;
    if taken < members_max {
        return Ok(());
    }
    Err(Problem::new(
        403,
        "plan-limit",
        format!("The plan allows {members_max} members, open invitations included."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_plan_allows_more_of_everything() {
        for (small, large) in [(Plan::Free, Plan::Team), (Plan::Team, Plan::Enterprise)] {
            let (small, large) = (limits_of(small), limits_of(large));
            assert!(small.members < large.members);
            assert!(small.products < large.products);
            assert!(small.requests_per_minute < large.requests_per_minute);
            assert!(small.storage_bytes < large.storage_bytes);
            assert!(small.running_tests < large.running_tests);
        }
    }

    #[test]
    fn an_invitation_counts_until_it_ends() {
        let organization = Organization {
            name: "Acme".into(),
            plan: Plan::Free,
            plan_changed_by: None,
            settings: serde_json::Map::new(),
            members: 4,
            invitations: [("a".to_owned(), 10)].into(),
            admins: 1,
            created_at: 0,
        };
        assert!(check_invitation(&organization, 9).is_err());
        assert!(check_invitation(&organization, 10).is_ok());
        assert!(check_member(&organization).is_ok());
    }
}
