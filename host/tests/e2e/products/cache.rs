//! `/products/{id}` is answered from a copy for a minute, and never a wrong one.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::Actor;

use crate::shop;

async fn cache(actor: &Actor, path: &str) -> String {
    actor
        .get(path)
        .await
        .expect(200)
        .text("x-cache")
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_cached_for_a_minute() {
    let host = shop::open().await;
    let made = shop::sell(&host, json!({ "id": "w1" })).await;
    assert_eq!(cache(&host.user("u1"), "/products/w1").await, "miss");
    host.clock.advance(59_999);
    let copy = host.user("u2").get("/products/w1").await.expect(200);
    assert_eq!(
        (copy.text("x-cache"), copy.text("content-type")),
        (Some("hit"), Some("application/json"))
    );
    assert_eq!(copy.json(), made);
    host.clock.advance(1);
    assert_eq!(cache(&host.user("u1"), "/products/w1").await, "miss");
    assert_eq!(cache(&host.user("u1"), "/products/w1").await, "hit");
    // Another tenant's product of this id has a copy of its own.
    let rival = host.account_in("rival", "u1", Role::User);
    let _ = rival.get("/products/w1").await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_drops_the_copy() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1", "stock": 9, "vendorId": "v1" })).await;
    let (user, vendor) = (host.user("u1"), host.vendor("v1"));
    let writes: [(&Actor, Method, &str, Value, &str, Value); 5] = [
        (
            &vendor,
            Method::PUT,
            "/products/w1",
            shop::product(json!({ "stock": 9, "price": 90 })),
            "price",
            json!(90),
        ),
        (
            &vendor,
            Method::PATCH,
            "/api/v1/products/w1",
            json!({ "price": 80 }),
            "price",
            json!(80),
        ),
        (
            &vendor,
            Method::PUT,
            "/api/vendors/products/w1",
            shop::product(json!({ "stock": 9, "price": 70 })),
            "price",
            json!(70),
        ),
        (
            &user,
            Method::PATCH,
            "/products/w1/inventory",
            json!({ "quantity": 2 }),
            "stock",
            json!(7),
        ),
        (
            &user,
            Method::POST,
            "/api/marketplace/products/w1/reviews",
            json!({ "rating": 4 }),
            "rating",
            json!(4.0),
        ),
    ];
    for (actor, method, path, body, member, value) in writes {
        let _ = cache(&user, "/products/w1").await;
        assert_eq!(
            cache(&user, "/products/w1").await,
            "hit",
            "before {method} {path}"
        );
        let answer = actor.send(method.clone(), path, body.to_string()).await;
        assert!(
            answer.status.is_success(),
            "{method} {path}: {}",
            answer.json()
        );
        let seen = user.get("/products/w1").await.expect(200);
        assert_eq!(
            (seen.text("x-cache"), &seen.json()[member]),
            (Some("miss"), &value),
            "{method} {path}"
        );
    }
    assert_eq!(cache(&user, "/products/w1").await, "hit");
    let _ = vendor.delete("/products/w1").await.expect(204);
    let _ = user.get("/products/w1").await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_some_see_is_never_told_from_the_copy() {
    let host = shop::open().await;
    let files = json!({ "downloadUrl": "/secret.zip", "size": 5 });
    let _ = shop::sell(
        &host,
        json!({ "id": "w1", "vendorId": "v1", "files": files }),
    )
    .await;
    let _ = shop::sell(
        &host,
        json!({ "id": "d1", "vendorId": "v1", "status": "draft", "files": files }),
    )
    .await;
    // The owner as a vendor, and after having lost that role.
    for owner in [host.admin(), host.vendor("v1"), host.user("v1")] {
        let whole = owner.get("/products/w1").await.json_of(200);
        assert_eq!(whole["files"]["downloadUrl"], "/secret.zip");
        let _ = owner.get("/products/d1").await.expect(200);
        for outsider in [host.user("u1"), host.vendor("v2")] {
            let shown = outsider.get("/products/w1").await.json_of(200);
            assert_eq!(
                (&shown["files"]["downloadUrl"], &shown["files"]["size"]),
                (&Value::Null, &json!(5))
            );
            shop::looks_missing(&outsider, Method::GET, "/products/{id}", "", "d1").await;
        }
        host.clock.advance(60_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reader_brings_back_what_a_writer_replaced() {
    const ROUNDS: usize = 40;
    const READERS: usize = 6;
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1" })).await;
    for round in 1..=ROUNDS {
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let reader = host.user("u1");
                tokio::spawn(async move { reader.get("/products/w1").await.status.as_u16() })
            })
            .collect();
        let patch = json!({ "price": round });
        let _ = host
            .admin()
            .patch("/api/v1/products/w1", &patch)
            .await
            .expect(200);
        for reader in readers {
            assert_eq!(reader.await.unwrap(), 200);
        }
        let shown = host.user("u1").get("/products/w1").await.json_of(200);
        assert_eq!(shown["price"], round, "an older copy survived its write");
    }
}
