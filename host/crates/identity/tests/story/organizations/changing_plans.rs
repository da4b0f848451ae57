//! What a tenant pays for, and how plugins change it.

use stoa_identity::organizations::{TenantPlans, set_plan};
use stoa_identity::records::Plan;
use stoa_kernel::event::{Event, HostSubscriber as _};
use stoa_kernel::plans::{PLAN_CHANGED, Plans as _};

use super::world::{HOUSE, World, tenant, world};

fn change(id: &str, plan: &str) -> Event {
    Event {
        id: id.into(),
        tenant: None,
        plugin: "host".into(),
        name: PLAN_CHANGED.into(),
        key: "plan".into(),
        payload: format!("{{\"plan\":\"{plan}\"}}"),
        raised_at: 0,
        due_at: None,
        trace: None,
    }
}

async fn current(world: &World, of: &str) -> (String, Option<u64>) {
    let plans = TenantPlans(world.platform.clone());
    let plan = plans.current(&tenant(of)).await.unwrap();
    let products = plan.limits.iter().find(|(name, _)| name == "products");
    (plan.id, products.unwrap().1)
}

#[tokio::test]
async fn an_organisation_has_its_plan_and_the_house_is_bound_by_none() {
    let world = world().await;
    world.founded("ada", "Acme").await;
    assert_eq!(current(&world, "acme").await, ("free".into(), Some(100)));
    assert_eq!(current(&world, HOUSE).await, ("unlimited".into(), None));
    let plans = TenantPlans(world.platform.clone());
    let ids: Vec<String> = plans.list().into_iter().map(|plan| plan.id).collect();
    assert_eq!(ids, ["free", "team", "enterprise"]);
    assert!(plans.is_bound(&tenant("acme")).await.unwrap());
    assert!(!plans.is_bound(&tenant(HOUSE)).await.unwrap());
}

#[tokio::test]
async fn a_change_happens_once_however_often_it_is_told() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let plans = TenantPlans(world.platform.clone());
    let (first, second) = (change("01A", "team"), change("01B", "enterprise"));
    plans.handle(&acme, &first).await.unwrap();
    assert_eq!(current(&world, "acme").await.0, "team");
    plans.handle(&acme, &second).await.unwrap();
    for again in [&first, &second, &first] {
        plans.handle(&acme, again).await.unwrap();
        assert_eq!(current(&world, "acme").await.0, "enterprise");
    }
    set_plan(&world.platform, &acme, Plan::Free).await.unwrap();
    plans.handle(&acme, &second).await.unwrap();
    assert_eq!(
        current(&world, "acme").await.0,
        "free",
        "the operator was later"
    );
    plans.handle(&acme, &change("01C", "team")).await.unwrap();
    assert_eq!(current(&world, "acme").await.0, "team");
}

#[tokio::test]
async fn what_the_host_did_not_raise_or_does_not_know_changes_nothing() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let plans = TenantPlans(world.platform.clone());
    let forged = Event {
        plugin: "billing".into(),
        ..change("01A", "enterprise")
    };
    plans.handle(&acme, &forged).await.unwrap();
    assert!(
        plans
            .handle(&acme, &change("01B", "galactic"))
            .await
            .is_err()
    );
    plans
        .handle(&tenant(HOUSE), &change("01C", "team"))
        .await
        .unwrap();
    plans
        .handle(&tenant("nowhere"), &change("01D", "team"))
        .await
        .unwrap();
    assert_eq!(current(&world, "acme").await.0, "free");
    let missing = set_plan(&world.platform, &tenant("nowhere"), Plan::Team).await;
    assert_eq!(missing.unwrap_err().status, 404);
}
