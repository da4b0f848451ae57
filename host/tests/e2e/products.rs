//! `/products`: the watch shop.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::{Actor, TestHost};

use crate::{lists, shop};

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_made_shown_replaced_and_deleted() {
    let host = shop::open().await;
    let made = shop::sell(
        &host,
        json!({ "stock": 5, "tags": ["Blue", "blue"], "images": ["/a.png"] }),
    )
    .await;
    let path = format!("/products/{}", shop::id(&made));
    assert_eq!(
        (&made["status"], &made["vendorId"], &made["price"]),
        (&json!("active"), &json!("admin"), &json!(100))
    );
    assert_eq!(
        (&made["tags"], &made["thumbnail"]),
        (&json!(["blue"]), &json!("/a.png"))
    );
    assert_eq!(host.user("u1").get(&path).await.json_of(200), made);

    host.clock.advance(5_000);
    let replaced = host
        .admin()
        .put(
            &path,
            &shop::product(json!({ "name": "Stoa Field", "price": 80.5 })),
        )
        .await
        .json_of(200);
    assert_eq!(
        (&replaced["name"], &replaced["price"], &replaced["stock"]),
        (&json!("Stoa Field"), &json!(80.5), &Value::Null)
    );
    assert_eq!(
        (&replaced["createdAt"], &replaced["updatedAt"]),
        (&made["createdAt"], &json!("2026-01-01T00:00:05.000Z"))
    );
    assert_eq!(host.user("u1").get(&path).await.json_of(200), replaced);

    let gone = host.admin().delete(&path).await.expect(204);
    assert!(gone.body.is_empty());
    let _ = host.user("u1").get(&path).await.problem(404, "not-found");
    let _ = host.admin().delete(&path).await.problem(404, "not-found");
    let mut told = shop::events(&host).await;
    told.sort();
    let id = shop::id(&made);
    assert_eq!(
        told,
        ["product.created", "product.deleted", "product.updated"]
            .map(|name| (name.to_owned(), id.clone()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_in_the_order_of_what_happened() {
    let host = shop::open().await;
    // All within one millisecond, as on a quick host; two of them within one request.
    for number in 0..5 {
        let id = shop::id(
            &host
                .vendor("v1")
                .post("/products", &shop::product(json!({})))
                .await
                .json_of(201),
        );
        let path = format!("/products/{id}");
        let _ = host
            .admin()
            .put(&path, &shop::product(json!({ "status": "active" })))
            .await
            .expect(200);
        let _ = host.admin().delete(&path).await.expect(204);
        let told = shop::events(&host)
            .await
            .into_iter()
            .filter(|(_, key)| *key == id)
            .map(|(name, _)| name);
        let expected = [
            "product.created",
            "product.uploaded",
            "product.updated",
            "product.approved",
            "product.deleted",
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected, "product {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_filters_sorts_and_pages() {
    let host = shop::open().await;
    lists::behaves(&host, &host.user("u1"), "/products").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_product_is_refused_and_leaves_nothing() {
    let host = shop::open().await;
    shop::refuses_what_is_no_product(&host, Method::POST, "/products").await;
    let made = shop::sell(&host, json!({})).await;
    let path = format!("/products/{}", shop::id(&made));
    shop::refuses_what_is_no_product(&host, Method::PUT, &path).await;
    assert_eq!(host.admin().get(&path).await.json_of(200), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_product_waits_for_approval() {
    let host = shop::open().await;
    let vendor = host.vendor("v1");
    let made = vendor
        .post("/products", &shop::product(json!({})))
        .await
        .json_of(201);
    let (id, path) = (shop::id(&made), format!("/products/{}", shop::id(&made)));
    assert_eq!(
        (&made["status"], &made["vendorId"]),
        (&json!("pending"), &json!("v1"))
    );
    for outsider in [host.user("u1"), host.vendor("v2")] {
        shop::looks_missing(&outsider, Method::GET, "/products/{id}", "", &id).await;
    }
    assert_eq!(vendor.get(&path).await.json_of(200), made);

    for (member, value) in [
        ("status", json!("active")),
        ("isFeatured", json!(true)),
        ("isPopular", json!(true)),
        ("vendorId", json!("v2")),
        ("id", json!("mine")),
    ] {
        let before = vendor.get(&path).await.json_of(200);
        let wish = shop::product(json!({ member: value }));
        let _ = vendor
            .post("/products", &wish)
            .await
            .problem(403, "forbidden");
        let refused = vendor.put(&path, &wish).await;
        assert!(
            [400, 403].contains(&refused.status.as_u16()),
            "{member}: {}",
            refused.json()
        );
        assert_eq!(vendor.get(&path).await.json_of(200), before, "{member}");
    }
    assert_eq!(shop::products_stored(&host).await, 1);

    let _ = host
        .admin()
        .put(&path, &shop::product(json!({ "status": "active" })))
        .await
        .expect(200);
    assert_eq!(
        host.user("u1").get(&path).await.json_of(200)["vendorId"],
        "v1"
    );
    let mut names: Vec<String> = shop::events(&host)
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "product.approved",
            "product.created",
            "product.updated",
            "product.uploaded"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_product_looks_missing_to_who_wants_to_change_it() {
    let host = shop::open().await;
    let body = shop::product(json!({})).to_string();
    for status in ["active", "pending", "draft", "rejected"] {
        let made = shop::sell(&host, json!({ "vendorId": "v1", "status": status })).await;
        let id = shop::id(&made);
        shop::looks_missing(
            &host.vendor("v2"),
            Method::PUT,
            "/products/{id}",
            &body,
            &id,
        )
        .await;
        shop::looks_missing(
            &host.vendor("v2"),
            Method::DELETE,
            "/products/{id}",
            "",
            &id,
        )
        .await;
        assert_eq!(
            host.admin()
                .get(&format!("/products/{id}"))
                .await
                .json_of(200),
            made
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_sees_and_changes_nothing() {
    let host = shop::open().await;
    let made = shop::sell(&host, json!({ "stock": 3, "id": "w1" })).await;
    let rival = host.account_in("rival", "admin", Role::Admin);
    assert_eq!(
        rival.get("/products?status=all").await.json_of(200)["total"],
        0
    );
    let body = shop::product(json!({})).to_string();
    for rival in [rival.clone(), rival.header("x-tenant", "main")] {
        shop::looks_missing(&rival, Method::GET, "/products/{id}", "", "w1").await;
        shop::looks_missing(&rival, Method::PUT, "/products/{id}", &body, "w1").await;
        shop::looks_missing(&rival, Method::DELETE, "/products/{id}", "", "w1").await;
        shop::looks_missing(
            &rival,
            Method::PATCH,
            "/products/{id}/inventory",
            r#"{"quantity":1}"#,
            "w1",
        )
        .await;
    }
    // The id is free there, and what is done with it stays there.
    let _ = rival
        .post(
            "/products",
            &shop::product(json!({ "id": "w1", "price": 7 })),
        )
        .await
        .expect(201);
    let _ = rival.delete("/products/w1").await.expect(204);
    assert_eq!(host.user("u1").get("/products/w1").await.json_of(200), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_chooses_ids_that_nobody_has() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1" })).await;
    let again = host
        .admin()
        .post("/products", &shop::product(json!({ "id": "w1" })))
        .await
        .problem(409, "id-taken");
    assert_eq!(again["field"], "id");
    for id in ["", "a b", "../x", "a/b", "ä", "a:b", &"x".repeat(65)] {
        let answer = host
            .admin()
            .post("/products", &shop::product(json!({ "id": id })))
            .await;
        shop::assert_refused(answer, Some("id"), id);
    }
    let moved = host
        .admin()
        .put("/products/w1", &shop::product(json!({ "id": "w2" })))
        .await;
    shop::assert_refused(moved, Some("id"), "a new id");
    for odd in [
        "%00",
        "%2e%2e",
        "a%2Fb",
        "w1%20",
        "%27%3B",
        "W1",
        &"x".repeat(3_000),
    ] {
        let _ = host
            .user("u1")
            .get(&format!("/products/{odd}"))
            .await
            .problem(404, "not-found");
    }
}

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
async fn stock_is_taken_within_bounds() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1", "stock": 5 })).await;
    let _ = shop::sell(&host, json!({ "id": "endless" })).await;
    let user = host.user("u1");
    let path = "/products/w1/inventory";
    assert_eq!(
        user.patch(path, &json!({ "quantity": 2 }))
            .await
            .json_of(200)["stock"],
        3
    );
    let short = user
        .patch(path, &json!({ "quantity": 4 }))
        .await
        .problem(409, "out-of-stock");
    assert_eq!(short["field"], "quantity");
    for (body, field) in [
        (r#"{"quantity":0}"#, Some("quantity")),
        (r#"{"quantity":-1}"#, Some("quantity")),
        (r#"{"quantity":1.5}"#, Some("quantity")),
        (r#"{"quantity":"1"}"#, Some("quantity")),
        (r#"{"quantity":null}"#, Some("quantity")),
        (r#"{"quantity":1000001}"#, Some("quantity")),
        (r#"{"quantity":4294967297}"#, Some("quantity")),
        (r#"{"quantity":1e99}"#, Some("quantity")),
        (r#"{"quantity":1,"price":0}"#, Some("price")),
        ("{}", Some("quantity")),
        ("{\"quantity\":1", None),
        ("", None),
    ] {
        shop::assert_refused(user.send(Method::PATCH, path, body).await, field, body);
    }
    assert_eq!(user.get("/products/w1").await.json_of(200)["stock"], 3);
    let _ = user
        .patch("/products/endless/inventory", &json!({ "quantity": 1 }))
        .await
        .problem(409, "no-stock");
    let _ = shop::sell(&host, json!({ "id": "d1", "stock": 5, "status": "draft" })).await;
    shop::looks_missing(
        &user,
        Method::PATCH,
        "/products/{id}/inventory",
        r#"{"quantity":1}"#,
        "d1",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_of_ten_pieces_get_exactly_ten() {
    const BUYERS: usize = 200;
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1", "stock": 10 })).await;
    let buys: Vec<_> = (0..BUYERS)
        .map(|number| tokio::spawn(buy(Arc::clone(&host), number)))
        .collect();
    let mut left = Vec::new();
    for buy in buys {
        left.extend(buy.await.unwrap());
    }
    left.sort_unstable();
    assert_eq!(left, (0..10).collect::<Vec<_>>());
    assert_eq!(
        host.user("u1").get("/products/w1").await.json_of(200)["stock"],
        0
    );
}

/// Takes one piece; how many were left, or none if there were no more.
async fn buy(host: Arc<TestHost>, number: usize) -> Option<u64> {
    let buyer = host.user(&format!("buyer-{number}"));
    let answer = buyer
        .patch("/products/w1/inventory", &json!({ "quantity": 1 }))
        .await;
    if answer.status == 200 {
        return answer.json()["stock"].as_u64();
    }
    answer.problem(409, "out-of-stock");
    None
}
