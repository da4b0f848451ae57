//! Part of an order's money goes back, past the shop: everybody who has to do with it learns of it once.

use serde_json::{Value, json};

use super::money::balance;
use super::{Market, Person};

/// The provider gives back so much by its own hand, and tells of it twice.
async fn give_back(market: &Market, intent: &Value, units: i64) {
    let _ = market.bank.give_back(intent["id"].as_str().unwrap(), units);
    let charge = intent["latest_charge"].as_str().unwrap();
    let charge = market.bank.object(charge);
    let sum = charge["amount_refunded"].as_i64().unwrap();
    for (event, outcome) in [("first", "applied"), ("again", "unchanged")] {
        let event = format!("evt_{event}_{sum}");
        let told = market.hear(&event, "charge.refunded", &charge);
        assert_eq!(told.await, outcome);
    }
    market.settled().await;
}

/// What a vendor has left of its sales, of their fees, and what it may ask for.
async fn left(vendor: &Person) -> Value {
    let balance = balance(vendor).await;
    json!([balance["refunded"], balance["fees"], balance["available"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn part_of_the_money_back_reaches_everybody_once() {
    let market = Market::open_with(|builder| builder.plugin("customers")).await;
    let (vera, vito) = (market.vendor("Vera").await, market.vendor("Vito").await);
    let tool = market.sell_tool(&vera, json!({})).await;
    let desk = market.sell(&vito, json!({ "price": 100 })).await;
    let bea = market.join("Bea").await;
    let order = market.order(&bea, &[(&tool, 1), (&desk, 1)]).await;
    let intent = market.pay(&bea, &order).await;
    market.settled().await;
    give_back(&market, &intent, 3_000).await;

    // 5.00 are a quarter of Vera's 19.99, and 25.00 of Vito's 100.00, and so it is with their fees.
    assert_eq!(left(&vera).await, json!([5, 1.5, 13.49]));
    assert_eq!(left(&vito).await, json!([25, 7.5, 67.5]));
    let seen = bea.get(&format!("/api/orders/{order}")).await;
    assert_eq!(
        (
            &seen["status"],
            &seen["paymentStatus"],
            &seen["refundedAmount"]
        ),
        (&json!("processing"), &json!("paid"), &json!(30))
    );
    let of_vito = vito.get(&format!("/api/v1/order/{order}")).await;
    assert_eq!(of_vito.get("refundedAmount"), None);
    let licence = format!("/api/downloads/{tool}/license");
    let _ = bea.actor.get(&licence).await.expect(200);
    let subject = format!("Refund for order {}", seen["orderNumber"].as_str().unwrap());
    let letter = market.office.text(&bea.email, &subject).await.unwrap();
    let said = "We have sent 30.00 USD of the 119.99 USD that you paid back to you.";
    assert!(letter.contains(said), "{letter}");
    let admin = market.host.admin();
    let see = async |path: &str| admin.get(path).await.json_of(200);
    let customer = format!("/customers/{}", bea.id);
    assert_eq!(see(&customer).await["total_spent"], 89.99);
    let dashboard = see("/api/admin/dashboard").await;
    assert_eq!(dashboard["totalRevenue"]["USD"], 89.99);
    let counts = &dashboard["days"][0]["counts"];
    let counted = ["partial-refunds", "refunds", "returns", "refunded-USD"];
    let counted_of = |counts: &Value| counted.map(|name| counts[name].as_i64().unwrap_or(0));
    assert_eq!(counted_of(counts), [1, 0, 0, 3_000]);
    let days = vera.get("/api/analytics/days").await;
    assert_eq!(counted_of(&days["days"][0]["counts"]), [1, 0, 0, 500]);

    give_back(&market, &intent, 8_999).await;
    assert_eq!(left(&vera).await, json!([19.99, 0, 0]));
    assert_eq!(left(&vito).await, json!([100, 0, 0]));
    let seen = bea.get(&format!("/api/orders/{order}")).await;
    assert_eq!(
        (
            &seen["status"],
            &seen["paymentStatus"],
            &seen["refundedAmount"]
        ),
        (&json!("refunded"), &json!("refunded"), &json!(119.99))
    );
    let _ = bea.actor.get(&licence).await.problem(404, "not-found");
    let letters = market.letters(&bea).await;
    let refunds = letters.iter().filter(|letter| **letter == subject);
    assert_eq!(refunds.count(), 2);
    assert_eq!(see(&customer).await["total_spent"], 0);
    let dashboard = see("/api/admin/dashboard").await;
    assert_eq!(
        counted_of(&dashboard["days"][0]["counts"]),
        [1, 1, 2, 11_999]
    );
    let days = vera.get("/api/analytics/days").await;
    assert_eq!(counted_of(&days["days"][0]["counts"]), [1, 1, 1, 1_999]);
}
