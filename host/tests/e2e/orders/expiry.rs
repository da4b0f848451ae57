//! Orders that nobody pays for.

use std::time::Duration;

use serde_json::json;
use stoa_testkit::TestHost;

use super::{left, open, place, see};
use crate::shop;

/// Milliseconds after which an unpaid order ends, by the manifest.
const UNPAID_MS: u64 = 60 * 60_000;

/// Looks at what has to come true, before it counts as never coming.
const LOOKS_MAX: u32 = 1_000;

/// Waits until every order's time to be paid has been dealt with.
async fn until_expired(host: &TestHost) {
    for _ in 0..LOOKS_MAX {
        let waiting = shop::events(host).await;
        if !waiting.iter().any(|(name, _)| name == "order.expiry") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", shop::events(host).await);
}

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
    until_expired(&host).await;
    let order = see(&buyer, &forgotten).await;
    assert_eq!(
        (&order["status"], &order["history"][1]["by"]),
        (&json!("cancelled"), &json!("clock"))
    );
    assert_eq!(see(&buyer, &regretted).await["status"], "cancelled");
    assert_eq!(left(&host, "watch").await, 5);
}
