//! What vendors earn: by payments, and no longer once the money goes back.

use serde_json::{Value, json};

use super::{Market, Person};
use crate::events::until;

/// What a vendor has in dollars.
pub async fn balance(vendor: &Person) -> Value {
    let earned = vendor.get("/api/vendors/earnings").await;
    let balances = earned["balances"].as_array().unwrap();
    assert_eq!(balances.len(), 1, "{earned}");
    balances[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_earned_when_it_is_paid_and_each_vendor_has_its_part() {
    let market = Market::open().await;
    let (vera, vito) = (market.vendor("Vera").await, market.vendor("Vito").await);
    let lamp = market.sell(&vera, json!({ "price": 19.99 })).await;
    let desk = market.sell(&vito, json!({ "price": 100 })).await;
    let buyer = market.join("Bea").await;
    let order = market.order(&buyer, &[(&lamp, 2), (&desk, 1)]).await;
    market.settled().await;
    let earned = vera.get("/api/vendors/earnings").await;
    assert_eq!(earned["balances"], json!([]), "an order is no money");

    let paid = market.pay(&buyer, &order).await;
    let again = market.hear("evt_again", "payment_intent.succeeded", &paid);
    assert_eq!(again.await, "unchanged");
    market.settled().await;
    let of_vera = balance(&vera).await;
    // A tenth of 39.98 is 3.998.
    assert_eq!(
        of_vera,
        json!({
            "currency": "USD", "gross": 39.98, "fees": 4, "earned": 35.98, "refunded": 0,
            "pending": 0, "paidOut": 0, "available": 35.98,
        })
    );
    assert_eq!(balance(&vito).await["available"], 90);
    let entries = vera.get("/api/vendors/earnings").await;
    let entry = &entries["entries"][0];
    assert_eq!(
        (&entries["total"], &entry["kind"], &entry["amount"]),
        (&json!(1), &json!("sale"), &json!(35.98))
    );
    assert_eq!(entry["reference"], order.as_str());
    let seen = vera.get("/api/vendors/analytics?days=1").await;
    assert_eq!(
        seen["days"],
        json!([{ "date": "2026-01-01", "currency": "USD", "revenue": 39.98, "sales": 2 }])
    );
    assert_eq!(
        (&seen["sales"], &seen["productsCount"]),
        (&json!(2), &json!(1))
    );
    for days in ["0", "367", "x"] {
        let path = format!("/api/vendors/analytics?days={days}");
        let refused = vera.actor.get(&path).await;
        crate::shop::assert_refused(refused, Some("days"), days);
    }
}

/// A cancellation takes back what a sale brought while the money itself is on its way still. That it has gone back takes
/// nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_earns_nothing_once() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let lamp = market.sell(&vera, json!({ "stock": 5 })).await;
    let buyer = market.join("Bea").await;
    let kept = market.buy(&buyer, &[(&lamp, 1)]).await;
    let order = market.buy(&buyer, &[(&lamp, 2)]).await;
    let unpaid = market.order(&buyer, &[(&lamp, 1)]).await;
    market.settled().await;
    assert_eq!(balance(&vera).await["available"], 270);

    market.cancel(&buyer, &unpaid).await;
    // The provider's answer is lost, so that the refund is not known before somebody asks again.
    market.bank.lose_the_next_answer();
    market.cancel(&buyer, &order).await;
    until("what was earned is taken back", async || {
        (balance(&vera).await["refunded"] == 200).then_some(())
    })
    .await;
    let path = format!("/api/orders/{order}");
    assert_eq!(buyer.get(&path).await["paymentStatus"], "paid");
    until("the money is back", async || {
        market.host.clock.advance(1_000);
        (buyer.get(&path).await["paymentStatus"] == "refunded").then_some(())
    })
    .await;
    market.settled().await;
    let seen = balance(&vera).await;
    assert_eq!(
        (&seen["gross"], &seen["refunded"], &seen["available"]),
        (&json!(300), &json!(200), &json!(90))
    );
    assert_eq!(seen["fees"], 10, "the fee goes back as well");
    let entries = vera.get("/api/vendors/earnings").await;
    let kinds: Vec<&str> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 3, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "refund").count(), 1);
    let seen = vera.get("/api/vendors/analytics").await;
    assert_eq!(
        (&seen["sales"], &seen["revenue"][0]["amount"]),
        (&json!(1), &json!(100))
    );
    // And the catalogue has its pieces back.
    let shown = market
        .host
        .anonymous()
        .get(&format!("/api/products/{lamp}"))
        .await;
    assert_eq!(shown.json_of(200)["stock"], 4);
    let path = format!("/api/orders/{kept}");
    assert_eq!(buyer.get(&path).await["paymentStatus"], "paid");
}

/// The provider gives money back by its own hand: as good as a cancellation.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_the_provider_gave_back_is_not_earned() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let lamp = market.sell(&vera, json!({})).await;
    let buyer = market.join("Bea").await;
    let order = market.order(&buyer, &[(&lamp, 1)]).await;
    let intent = market.pay(&buyer, &order).await;
    market.settled().await;
    assert_eq!(balance(&vera).await["available"], 90);
    let charge = json!({
        "id": intent["latest_charge"], "object": "charge", "amount": 10_000, "amount_refunded": 10_000,
        "currency": "usd", "refunded": true, "payment_intent": intent["id"], "metadata": intent["metadata"],
    });
    for (event, outcome) in [("evt_r1", "applied"), ("evt_r2", "unchanged")] {
        assert_eq!(
            market.hear(event, "charge.refunded", &charge).await,
            outcome
        );
    }
    market.settled().await;
    let seen = balance(&vera).await;
    assert_eq!(
        (&seen["earned"], &seen["available"]),
        (&json!(0), &json!(0))
    );
    let path = format!("/api/orders/{order}");
    assert_eq!(buyer.get(&path).await["paymentStatus"], "refunded");
}
