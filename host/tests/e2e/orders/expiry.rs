//! Orders that nobody pays for.

use serde_json::json;

use super::{left, open, place, see};
use crate::events::until;
use crate::shop;

/// Milliseconds after which an unpaid order ends, by the manifest.
const UNPAID_MS: u64 = 60 * 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_order_ends_by_itself_though_its_buyer_cancels_meanwhile() {
    let host = open().await;
    let _dispatcher = host.dispatch().await;
    let buyer = host.user("u1");
    let forgotten = place(&buyer, "watch", 2).await;
    let regretted = place(&buyer, "watch", 3).await;
    assert_eq!(left(&host, "watch").await, 0);
    host.clock.advance(UNPAID_MS);
    // Whoever comes first, it happens once.
    let path = format!("/api/orders/{}/cancel", shop::id(&regretted));
    let answer = buyer.post(&path, &json!({})).await;
    let status = answer.status.as_u16();
    assert!([200, 409].contains(&status), "{}", answer.json());
    let order = until("the order ends", async || {
        let order = see(&buyer, &forgotten).await;
        (order["status"] == "cancelled").then_some(order)
    })
    .await;
    until("the other one has ended, too", async || {
        let order = see(&buyer, &regretted).await;
        (order["status"] == "cancelled").then_some(())
    })
    .await;
    assert_eq!(
        (&order["status"], &order["history"][1]["by"]),
        (&json!("cancelled"), &json!("clock"))
    );
    assert_eq!(left(&host, "watch").await, 5);
}
