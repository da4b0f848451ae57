//! Orders that cost nothing, and orders that wait.

use serde_json::json;

use super::{open, place, see, told};
use crate::shop;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_costs_nothing_is_paid_in_the_transaction_that_places_it() {
    let host = open().await;
    let gift = json!({ "id": "gift", "name": "Gift", "price": 0, "vendorId": "v1" });
    let _ = shop::sell(&host, gift).await;
    let buyer = host.user("u1");
    let order = place(&buyer, "gift", 1).await;
    assert_eq!(order["status"], "processing", "{order}");
    assert_eq!(order["paymentStatus"], "paid", "{order}");
    assert_eq!(see(&buyer, &order).await, order);
    assert_eq!(
        told(&host, &order).await,
        ["order.created", "payment.success", "payment.completed"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_lets_more_than_twenty_orders_wait() {
    let host = open().await;
    let buyer = host.user("u1");
    let mut last = None;
    for _ in 0..20 {
        last = Some(place(&buyer, "agent", 1).await);
    }
    let body = json!({ "items": [{ "productId": "agent" }] });
    let refused = buyer.post("/api/orders", &body).await;
    let _ = refused.problem(409, "too-many-unpaid-orders");
    let _ = place(&host.user("u2"), "agent", 1).await;
    let path = format!("/api/orders/{}/cancel", shop::id(&last.expect("an order")));
    let _ = buyer.post(&path, &json!({})).await.expect(200);
    let _ = place(&buyer, "agent", 1).await;
}
