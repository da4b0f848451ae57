//! Plans as plugins see and change them, and what they bound.

use serde_json::json;
use stoa_kernel::event::HostSubscriber as _;
use stoa_kernel::plans::PLAN_CHANGED;
use stoa_testkit::TestHost;

use super::{join, open, raised, tenant};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_changes_its_tenants_plan_after_the_commit() {
    let host = open().await;
    let (_, of_ada) = join(&host, "ada", Some("Acme")).await;
    let (_, of_eve) = join(&host, "eve", Some("Rival")).await;
    let plan = of_ada.get("/people/plan").await.json_of(200);
    assert_eq!(
        (&plan["id"], &plan["limits"]["products"]),
        (&json!("free"), &json!(100))
    );
    let plans = of_ada.get("/people/plans").await.json_of(200);
    assert_eq!(plans.as_array().unwrap().len(), 3);
    assert!(plans[0]["limits"]["requests-per-minute"].is_u64());

    let change = async |actor: &stoa_testkit::Actor, id: &str| {
        actor.post(&format!("/people/plan/{id}"), &json!({})).await
    };
    let _ = change(&of_ada, "galactic").await.problem(404, "not-found");
    let _ = change(&of_ada, "team").await.expect(204);
    let acme = tenant("acme");
    let events = raised(&host, &acme, PLAN_CHANGED).await;
    assert_eq!((events.len(), events[0].plugin.as_str()), (1, "host"));
    for _ in 0..2 {
        host.plans.handle(&acme, &events[0]).await.unwrap();
    }
    // What was told before is asked anew.
    assert_eq!(of_ada.get("/people/plan").await.json_of(200)["id"], "team");
    assert_eq!(
        of_ada.get("/api/organization").await.json_of(200)["plan"],
        "team"
    );
    assert_eq!(of_eve.get("/people/plan").await.json_of(200)["id"], "free");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_house_pays_for_nothing_and_can_not_change_that() {
    let host = open().await;
    let plan = host.anonymous().get("/people/plan").await.json_of(200);
    assert_eq!(
        (&plan["id"], &plan["limits"]["products"]),
        (&json!("unlimited"), &json!(null))
    );
    let changed = host.anonymous().post("/people/plan/team", &json!({})).await;
    let _ = changed.problem(503, "unavailable");
    assert!(
        raised(&host, &tenant("main"), PLAN_CHANGED)
            .await
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_takes_as_many_products_as_the_plan_allows() {
    let host = TestHost::builder().plugin("catalog").start().await;
    let (_, of_ada) = join(&host, "ada", Some("Acme")).await;
    let product = json!({ "name": "Watch", "category": "sport", "price": 10 });
    let mut last = String::new();
    for _ in 0..100 {
        let made = of_ada.post("/products", &product).await.json_of(201);
        last = made["id"].as_str().unwrap().to_owned();
    }
    let refused = of_ada.post("/products", &product).await;
    let _ = refused.problem(403, "plan-limit");
    let _ = of_ada
        .delete(&format!("/products/{last}"))
        .await
        .expect(204);
    let _ = of_ada.post("/products", &product).await.expect(201);
    let _ = of_ada
        .post("/products", &product)
        .await
        .problem(403, "plan-limit");
    let _ = host.admin().post("/products", &product).await.expect(201);
}
