//! How long a cart lives, and what repeating and hurrying do to it.

use serde_json::json;

use super::{SESSION, add, held, open, pieces};

const DAY_MS: u64 = 86_400_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_forgotten_after_seven_days_without_a_touch() {
    let host = open().await;
    for shopper in [
        host.user("u1"),
        host.anonymous().header("x-session-id", SESSION),
    ] {
        let began = stoa_kernel::clock::Clock::now(&*host.clock);
        let cart = add(&shopper, "watch", 1).await;
        host.clock.advance(7 * DAY_MS - 1);
        assert_eq!(
            shopper.get("/api/cart").await.json_of(200),
            cart,
            "looking is no touch"
        );
        let touched = shopper
            .put("/api/cart/items/watch", &json!({ "quantity": 2 }))
            .await
            .json_of(200);
        assert_ne!(touched["expiresAt"], cart["expiresAt"]);
        host.clock.advance(7 * DAY_MS - 1);
        assert_eq!(held(&shopper).await, pieces(&[("watch", 2)]));
        host.clock.advance(1);
        assert_eq!(held(&shopper).await, pieces(&[]));
        let _ = shopper
            .delete("/api/cart/items/watch")
            .await
            .problem(404, "not-found");
        let fresh = add(&shopper, "agent", 1).await;
        assert_ne!(fresh["id"], cart["id"], "began at {began}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_twice_under_one_key_adds_once() {
    let host = open().await;
    for shopper in [
        host.user("u1"),
        host.anonymous().header("x-session-id", SESSION),
    ] {
        let repeating = shopper.idempotent("add-1");
        let item = json!({ "productId": "agent", "quantity": 2 });
        let first = repeating.post("/api/cart/items", &item).await.expect(200);
        let second = repeating.post("/api/cart/items", &item).await.expect(200);
        assert_eq!(
            (second.text("idempotent-replayed"), &second.body),
            (Some("true"), &first.body)
        );
        assert_eq!(held(&shopper).await, pieces(&[("agent", 2)]));
        let _ = repeating
            .post("/api/cart/items", &json!({ "productId": "watch" }))
            .await
            .problem(422, "idempotency-mismatch");
        let _ = shopper
            .idempotent("add-2")
            .post("/api/cart/items", &item)
            .await
            .expect(200);
        assert_eq!(held(&shopper).await, pieces(&[("agent", 4)]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_additions_are_all_counted() {
    let host = open().await;
    let adding: Vec<_> = (0..40)
        .map(|_| {
            let shopper = host.user("u1");
            tokio::spawn(async move { add(&shopper, "agent", 1).await })
        })
        .collect();
    for added in adding {
        added.await.unwrap();
    }
    assert_eq!(held(&host.user("u1")).await, pieces(&[("agent", 40)]));
}
