//! What a tenant's plan allows.

use stoa_identity::organizations::{limits, limits_of};
use stoa_identity::records::Plan;

use super::world::{tenant, world};

#[tokio::test]
async fn a_tenants_limits_are_its_plans() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    for plan in [Plan::Free, Plan::Team, Plan::Enterprise] {
        world.set_plan(&acme, plan).await;
        let limits = limits(&world.platform, &acme).await.unwrap();
        assert_eq!(limits, Some(limits_of(plan)));
    }
    let none = limits(&world.platform, &tenant("default")).await.unwrap();
    assert_eq!(none, None, "no organisation, no plan");
}
