//! What events add up to, day by day.

use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::Actor;

use super::Market;
use crate::events::until;
use crate::shop;

const DAYS: &str = "/api/analytics/days";
const DAY_MS: u64 = 86_400_000;
const MINUTE_MS: u64 = 60_000;

async fn days(actor: &Actor) -> Value {
    let path = format!("{DAYS}?from=2026-01-01&to=2026-01-31");
    actor.get(&path).await.json_of(200)["days"].clone()
}

/// Two days: on the first one two orders are placed and one of them is paid. On the second one its money goes back, and
/// the other order's time to be paid is over. What was looked at is told a minute later, which is on the second one.
#[tokio::test(flavor = "multi_thread")]
async fn every_event_counts_once_on_its_day() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let vito = market.vendor("Vito").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let desk = market.sell(&vito, json!({ "price": 100 })).await;
    let bea = market.join("Bea").await;
    let order = market.buy(&bea, &[(&tool, 2), (&desk, 1)]).await;
    let other = market.order(&bea, &[(&desk, 1)]).await;
    let intent = market.begin(&bea, &other).await;
    let declined = market.bank.pay_by(&intent, "pm_card_visa_chargeDeclined");
    let told = market.hear("evt_f", "payment_intent.payment_failed", &declined);
    assert_eq!(told.await, "applied");
    market.settled().await;
    let track = format!("/api/downloads/{tool}/track");
    for downloads in 1..=3 {
        let licence = bea.actor.post(&track, &json!({})).await.json_of(200);
        assert_eq!(licence["downloads"], downloads);
    }
    market.settled().await;
    let product = bea.get(&format!("/api/products/{tool}")).await;
    assert_eq!(product["downloadCount"], 3);

    market.host.clock.advance(DAY_MS);
    let path = format!("/api/orders/{other}");
    until("it was not paid in time", async || {
        (bea.get(&path).await["status"] == "cancelled").then_some(())
    })
    .await;
    let path = format!("/api/vendors/products/{desk}");
    let change = shop::product(json!({ "price": 90 }));
    let _ = vito.actor.put(&path, &change).await.expect(200);
    let _ = vito.actor.delete(&path).await.expect(204);
    market.cancel(&bea, &order).await;
    market.until_refunded(&bea, &order).await;
    let _ = market.again(&bea).await;
    until("the view counts", async || {
        market.host.clock.advance(MINUTE_MS);
        let seen = days(&market.host.admin()).await;
        (seen[1]["counts"]["views"] == 1).then_some(())
    })
    .await;
    market.settled().await;

    let admin = market.host.admin();
    assert_eq!(
        days(&admin).await,
        json!([
            { "date": "2026-01-01", "counts": {
                "sign-ups": 3, "sign-ins": 2, "products-added": 2, "products-changed": 2,
                "orders": 2, "ordered-USD": 23_998, "payments": 1, "sales": 3, "revenue-USD": 13_998,
                "failed-payments": 1, "downloads": 3,
            } },
            { "date": "2026-01-02", "counts": {
                "sign-ins": 1, "products-changed": 1, "products-removed": 1,
                "cancellations": 2, "refunds": 1, "returns": 3, "refunded-USD": 13_998, "views": 1,
            } },
        ])
    );
    // Each vendor sees its own part of it.
    assert_eq!(
        days(&vera.actor).await,
        json!([
            { "date": "2026-01-01", "counts": {
                "payments": 1, "sales": 2, "revenue-USD": 3_998, "downloads": 3,
            } },
            { "date": "2026-01-02", "counts": {
                "refunds": 1, "returns": 2, "refunded-USD": 3_998, "views": 1,
            } },
        ])
    );
    let of_vito = days(&vito.actor).await;
    assert_eq!(of_vito[0]["counts"]["revenue-USD"], 10_000);
    let path = format!("{DAYS}?from=2026-01-02&to=2026-01-02");
    let one_day = admin.get(&path).await.json_of(200);
    assert_eq!(one_day["days"][0]["date"], "2026-01-02");
    assert_eq!(one_day["days"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_for_administrators_and_vendors_of_the_tenant() {
    let market = Market::open().await;
    let bea = market.join("Bea").await;
    market.settled().await;
    let host = &market.host;
    assert_eq!(
        days(&host.admin()).await[0]["counts"],
        json!({ "sign-ups": 1 })
    );
    let _ = host
        .anonymous()
        .get(DAYS)
        .await
        .problem(401, "unauthenticated");
    let _ = bea.actor.get(DAYS).await.problem(403, "forbidden");
    let rival = market.rival("boss", Role::Admin).await;
    assert_eq!(days(&rival).await, json!([]));
    assert_eq!(days(&host.vendor("v1")).await, json!([]));
    for (query, field) in [
        ("from=yesterday", "from"),
        ("from=2026-02-30&to=2026-03-01", "from"),
        ("from=2026-01-02&to=2026-01-01", "from"),
        ("from=2024-01-01&to=2026-01-01", "from"),
        ("to=2026-13-01", "to"),
        ("vendorId=v1", "vendorId"),
    ] {
        let refused = host.admin().get(&format!("{DAYS}?{query}")).await;
        shop::assert_refused(refused, Some(field), query);
    }
}
