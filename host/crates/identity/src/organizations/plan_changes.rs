//! Plans as plugins see them, and their changes.

use async_trait::async_trait;
use stoa_kernel::error::Problem;
use stoa_kernel::event::{Event, HOST, HostSubscriber};
use stoa_kernel::id::TenantId;
use stoa_kernel::plans::{self, PLAN_CHANGED, PlanChange, Plans, STORAGE_BYTES};
use stoa_kernel::store::StoreError;

use super::access::organization;
use super::news;
use super::plans::{ALL, limits_of};
use crate::identity::unreadable;
use crate::platform::{Platform, unavailable};
use crate::records::{Organization, Plan};

/// The plan of a tenant that is no organisation: it belongs to the operator and is bound by nothing.
const UNBOUND: (&str, &str) = ("unlimited", "Unlimited");

/// Plans as plugins see them; it also handles the changes that plugins ask for.
pub struct TenantPlans(pub Platform);

impl TenantPlans {
    async fn of(&self, tenant: &TenantId) -> Result<Option<Organization>, StoreError> {
        let unit = self.0.unit().await?;
        let found = unit.get(tenant.as_str()).await;
        found.map_err(|problem| unreadable(&problem))
    }
}

#[async_trait]
impl Plans for TenantPlans {
    fn list(&self) -> Vec<plans::Plan> {
        ALL.into_iter().map(told).collect()
    }

    async fn current(&self, tenant: &TenantId) -> Result<plans::Plan, StoreError> {
        let organization = self.of(tenant).await?;
        Ok(organization.map_or_else(unbound, |organization| told(organization.plan)))
    }

    async fn is_bound(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        Ok(self.of(tenant).await?.is_some())
    }
}

#[async_trait]
impl HostSubscriber for TenantPlans {
    fn name(&self) -> &'static str {
        "plans"
    }

    fn events(&self) -> &'static [&'static str] {
        &[PLAN_CHANGED]
    }

    async fn handle(&self, tenant: &TenantId, event: &Event) -> Result<(), Problem> {
        if event.plugin != HOST {
            // Nobody else can raise it; should that ever fail, nobody gets a plan by it.
            return Ok(());
        }
        let change: PlanChange = serde_json::from_str(&event.payload)
            .map_err(|error| Problem::internal(format!("{PLAN_CHANGED}: {error}")))?;
        let plan = parse(&change.plan).ok_or_else(Problem::not_found)?;
        let handled = self.0.transact(|unit| async move {
            let Some(mut organization) = unit.get::<Organization>(tenant.as_str()).await? else {
                return Ok(());
            };
            // Changes come in the order of their ids, and any of them perhaps more than once.
            let is_news = organization.plan_changed_by.as_ref() < Some(&event.id);
            if !is_news {
                return Ok(());
            }
            organization.plan = plan;
            organization.plan_changed_by = Some(event.id.clone());
            news::has_plan(&unit, tenant, plan);
            let put = unit.put(tenant.as_str(), &organization).await;
            put.map_err(unavailable)
        });
        handled.await
    }
}

/// Puts an organisation on a plan, for operators.
///
/// # Errors
/// 404 when there is no such organisation.
pub async fn set_plan(platform: &Platform, tenant: &TenantId, plan: Plan) -> Result<(), Problem> {
    let set = platform.transact(|unit| async move {
        let mut organization = organization(&unit, tenant).await?;
        organization.plan = plan;
        news::has_plan(&unit, tenant, plan);
        let put = unit.put(tenant.as_str(), &organization).await;
        put.map_err(unavailable)
    });
    set.await
}

fn parse(id: &str) -> Option<Plan> {
    ALL.into_iter().find(|plan| plan.as_str() == id)
}

fn told(plan: Plan) -> plans::Plan {
    let limits = limits_of(plan);
    plans::Plan {
        id: plan.as_str().to_owned(),
        name: plan.name().to_owned(),
        limits: by_name([
            Some(limits.members.into()),
            Some(limits.products.into()),
            Some(limits.requests_per_minute.into()),
            Some(limits.storage_bytes),
            Some(limits.running_tests.into()),
        ]),
    }
}

fn unbound() -> plans::Plan {
    let (id, name) = UNBOUND;
    plans::Plan {
        id: id.to_owned(),
        name: name.to_owned(),
        limits: by_name([None; 5]),
    }
}

/// The limits by the names that plugins know.
fn by_name(limits: [Option<u64>; 5]) -> Vec<(String, Option<u64>)> {
    let names = [
        "members",
        "products",
        "requests-per-minute",
        STORAGE_BYTES,
        "running-tests",
    ];
    names.map(str::to_owned).into_iter().zip(limits).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_plan_is_found_by_its_id_and_written_as_it() {
        for plan in ALL {
            assert_eq!(parse(plan.as_str()), Some(plan));
            assert_eq!(serde_json::to_value(plan).unwrap(), plan.as_str());
            assert!(told(plan).limits.iter().all(|(_, limit)| limit.is_some()));
        }
        assert_eq!(parse("unlimited"), None);
        assert!(unbound().limits.iter().all(|(_, limit)| limit.is_none()));
    }
}
