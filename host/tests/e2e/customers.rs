//! `/customers`: what administrators see of who buys.

use std::sync::Arc;

use serde_json::json;
use stoa_testkit::TestHost;

use crate::shop;

async fn open() -> Arc<TestHost> {
    let builder = TestHost::builder().plugin("catalog").plugin("cart");
    let builder = builder.plugin("orders").plugin("customers");
    Arc::new(builder.start().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn spending_makes_a_customer_gold() {
    let host = open().await;
    let admin = host.admin();
    let _ = shop::sell(&host, json!({ "id": "w1", "price": 6000, "stock": 9 })).await;
    let new = json!({ "email": "u1@example.com", "name": "Ada", "account_id": "u1" });
    let made = admin.post("/customers", &new).await.json_of(201);
    assert_eq!(
        (&made["vip_tier"], &made["total_spent"]),
        (&json!("Bronze"), &json!(0))
    );
    let items = json!({ "items": [{ "productId": "w1" }] });
    for (tier, spent) in [("Silver", 6_000), ("Gold", 12_000)] {
        let _ = host
            .user("u1")
            .post("/api/orders", &items)
            .await
            .expect(201);
        let seen = admin.get("/customers/u1").await.json_of(200);
        assert_eq!(
            (&seen["vip_tier"], &seen["total_spent"]),
            (&json!(tier), &json!(spent))
        );
    }
    let orders = admin.get("/customers/u1/orders").await.json_of(200);
    assert_eq!(
        (&orders["total"], &orders["items"][0]["total"]),
        (&json!(2), &json!(6_000))
    );
    let order = shop::id(&orders["items"][0]);
    let path = format!("/api/orders/{order}/cancel");
    let _ = host.user("u1").post(&path, &json!({})).await.expect(200);
    let seen = admin.get("/customers/u1").await.json_of(200);
    assert_eq!(seen["vip_tier"], "Silver");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_changed_found_and_deleted() {
    let host = open().await;
    let admin = host.admin();
    let new = json!({ "email": "ada@example.org" });
    let made = admin.post("/customers", &new).await.json_of(201);
    let path = format!("/customers/{}", shop::id(&made));
    let change = json!({ "tier": "Gold", "phone": "+44 20" });
    let changed = admin.put(&path, &change).await.json_of(200);
    assert_eq!(
        (&changed["tier"], &changed["vip_tier"]),
        (&json!("Gold"), &json!("Bronze"))
    );
    let unknown = admin.get("/customers?tier=platinum").await.json_of(200);
    assert_eq!(unknown["total"], 0);
    for query in [
        "tier=Gold",
        "tier=gold",
        "email=ADA@example.org",
        "limit=5&offset=0",
    ] {
        let list = admin.get(&format!("/customers?{query}")).await.json_of(200);
        assert_eq!(shop::ids(&list), [shop::id(&made)], "{query}");
    }
    let again = admin.post("/customers", &new).await;
    assert_eq!(again.problem(409, "not-unique")["field"], "email");
    // Another tenant's administrator knows nobody here.
    let rival = host.account_in("rival", "admin", stoa_kernel::identity::Role::Admin);
    shop::looks_missing(
        &rival,
        http::Method::GET,
        "/customers/{id}",
        "",
        &shop::id(&made),
    )
    .await;
    let _ = admin.delete(&path).await.expect(204);
    let _ = admin.get(&path).await.problem(404, "not-found");
}
