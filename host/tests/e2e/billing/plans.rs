//! Plans: seen by everybody, bought by an organisation's administrators.

use serde_json::{Value, json};

use super::{CHECKOUT, House};
use crate::shop;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_the_plans_and_what_they_cost() {
    let house = House::open().await;
    let seen = house.host.anonymous().get("/api/billing/plans").await;
    let seen = seen.json_of(200);
    let told: Vec<Value> = seen["plans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| {
            json!([
                plan["id"],
                plan["price"],
                plan["isForSale"],
                plan["limits"]["products"]
            ])
        })
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["free", 0, false, 100],
            ["team", 29, true, 1_000],
            ["enterprise", 99.5, true, 100_000],
        ])
    );
    assert_eq!(seen["plans"][1]["interval"], "month");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_pays_for_itself_alone() {
    let house = House::open().await;
    let rival = house.found("rival").await;
    let _ = rival.check_out("enterprise").await;
    let (acme, _) = house.subscribed("acme").await;
    let outcomes = house.told(&rival).await;
    assert!(
        outcomes.iter().all(|told| told == "ignored"),
        "{outcomes:?}"
    );
    assert_eq!(
        (acme.plan().await, rival.plan().await),
        ("team".into(), "free".into())
    );
    // Its administrator alone spends its money.
    let wish = json!({ "plan": "team" });
    let nobody = house.host.anonymous().post(CHECKOUT, &wish).await;
    let _ = nobody.problem(401, "unauthenticated");
    for role in ["developer", "viewer", "user", "vendor"] {
        let role = serde_json::from_value(json!(role)).unwrap();
        let member = house.host.account_in("rival", "member", role);
        let _ = member.post(CHECKOUT, &wish).await.problem(403, "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_sale_is_not_sold() {
    let house = House::open().await;
    let acme = house.found("acme").await;
    for (plan, status, code) in [
        ("galactic", 422, "unprocessable"),
        ("free", 409, "not-for-sale"),
    ] {
        let refused = acme.boss.post(CHECKOUT, &json!({ "plan": plan })).await;
        let _ = refused.problem(status, code);
    }
    let refused = acme.boss.post(CHECKOUT, &json!({})).await;
    shop::assert_refused(refused, Some("plan"), "{}");
    // An operator who has not said where buyers come back to.
    let prices =
        r#"{"team":{"price":"price_team","amountMinor":1,"currency":"USD","interval":"year"}}"#;
    let poor = House::open_with(|builder| builder.setting("billing", "prices", json!(prices)));
    let poor = poor.await;
    let refused = poor.found("acme").await.boss;
    let refused = refused.post(CHECKOUT, &json!({ "plan": "team" })).await;
    let _ = refused.problem(503, "not-configured");
}
