//! What becomes of orders: moved along by who sells, called off, forgotten.

use serde_json::json;

use super::{left, open, place, see, told};
use crate::shop;

#[tokio::test(flavor = "multi_thread")]
async fn an_artist_moves_an_order_along() {
    let host = open().await;
    let (buyer, artist) = (host.user("u1"), host.vendor("v1"));
    let order = place(&buyer, "watch", 1).await;
    let path = format!("/api/v1/order/{}", shop::id(&order));
    let list = artist.get("/api/v1/order/artist").await.json_of(200);
    assert_eq!(shop::ids(&list), [shop::id(&order)]);
    assert_eq!(
        host.vendor("v2")
            .get("/api/v1/order/artist")
            .await
            .json_of(200)["total"],
        0
    );
    for status in [
        "confirmed",
        "processing",
        "shipped",
        "delivered",
        "completed",
    ] {
        let moved = artist
            .patch(&path, &json!({ "status": status }))
            .await
            .json_of(200);
        assert_eq!(moved["status"], status);
        assert_eq!(see(&buyer, &order).await["status"], status);
    }
    let back = artist.patch(&path, &json!({ "status": "pending" })).await;
    let _ = back.problem(409, "wrong-status");
    let _ = buyer
        .delete(&format!("{path}/cancel"))
        .await
        .problem(409, "wrong-status");
    let user = buyer
        .get("/api/v1/order/user?status=completed")
        .await
        .json_of(200);
    assert_eq!(user["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sets_the_status_and_sees_everybodys_orders() {
    let host = open().await;
    let order = place(&host.user("u1"), "watch", 1).await;
    let _ = place(&host.user("u2"), "agent", 1).await;
    let path = format!("/api/orders/{}/status", shop::id(&order));
    let set = host
        .admin()
        .put(&path, &json!({ "status": "processing" }))
        .await;
    assert_eq!(set.json_of(200)["status"], "processing");
    let all = host.admin().get("/api/orders?all=true").await.json_of(200);
    assert_eq!(all["total"], 2);
    let _ = host
        .user("u1")
        .get("/api/orders?all=true")
        .await
        .problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_its_stock_back_once() {
    let host = open().await;
    let buyer = host.user("u1");
    let order = place(&buyer, "watch", 3).await;
    assert_eq!(left(&host, "watch").await, 2);
    let path = format!("/api/orders/{}/cancel", shop::id(&order));
    let why = json!({ "reason": "Too late." });
    let cancelled = buyer.post(&path, &why).await.json_of(200);
    assert_eq!(
        (&cancelled["status"], &cancelled["reason"]),
        (&json!("cancelled"), &why["reason"])
    );
    let _ = buyer.post(&path, &why).await.problem(409, "wrong-status");
    assert_eq!(left(&host, "watch").await, 5);
    let events = told(&host, &order).await;
    assert_eq!(events, ["order.created", "order.cancelled"]);
}
