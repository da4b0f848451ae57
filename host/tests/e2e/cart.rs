//! `/api/cart`: carts of sessions and of users.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_runtime::Policy;
use stoa_testkit::{Actor, TestHost};

use crate::shop;

const DAY_MS: u64 = 86_400_000;

/// A session that a browser could have.
const SESSION: &str = "0123456789abcdef0123456789abcdef";

/// A shop that sells three things.
async fn open() -> Arc<TestHost> {
    let host = shop::open().await;
    stock(&host).await;
    host
}

async fn stock(host: &TestHost) {
    let _ = shop::sell(host, json!({ "id": "watch", "name": "Watch", "price": 19.99, "stock": 5, "vendorId": "v1", "images": ["/w.png"] })).await;
    let _ = shop::sell(host, json!({ "id": "agent", "name": "Agent", "price": 5 })).await;
    let _ = shop::sell(
        host,
        json!({ "id": "hidden", "name": "Hidden", "status": "draft" }),
    )
    .await;
}

async fn add(actor: &Actor, product: &str, quantity: u32) -> Value {
    actor
        .post(
            "/api/cart/items",
            &json!({ "productId": product, "quantity": quantity }),
        )
        .await
        .json_of(200)
}

/// What a cart holds, as product and quantity.
async fn held(actor: &Actor) -> Vec<(String, u64)> {
    let cart = actor.get("/api/cart").await.json_of(200);
    let items = cart["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            (
                item["productId"].as_str().unwrap().to_owned(),
                item["quantity"].as_u64().unwrap(),
            )
        })
        .collect()
}

fn pieces(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected
        .iter()
        .map(|(product, quantity)| ((*product).to_owned(), *quantity))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_filled_changed_and_emptied() {
    let host = open().await;
    let user = host.user("u1");
    let empty = user.get("/api/cart").await.json_of(200);
    assert_eq!(
        empty,
        json!({ "items": [], "itemCount": 0, "subtotal": 0, "tax": 0, "taxRate": 0.0, "total": 0, "currency": "USD" })
    );

    let cart = add(&user, "watch", 2).await;
    let item = &cart["items"][0];
    assert_eq!(
        (
            &item["name"],
            &item["productName"],
            &item["vendorId"],
            &item["thumbnail"]
        ),
        (
            &json!("Watch"),
            &json!("Watch"),
            &json!("v1"),
            &json!("/w.png")
        )
    );
    assert_eq!(
        (
            &item["price"],
            &item["subtotal"],
            &item["available"],
            &item["stock"]
        ),
        (&json!(19.99), &json!(39.98), &json!(true), &json!(5))
    );
    let one = user
        .post("/api/cart/items", &json!({ "productId": "agent" }))
        .await
        .json_of(200);
    assert_eq!(
        (
            &one["itemCount"],
            &one["subtotal"],
            &one["total"],
            &one["id"]
        ),
        (&json!(3), &json!(44.98), &json!(44.98), &cart["id"])
    );
    assert_eq!(
        add(&user, "watch", 1).await["items"][0]["id"],
        item["id"],
        "one line per product"
    );

    let line = format!("/api/cart/items/{}", shop::id(item));
    assert_eq!(
        user.put(&line, &json!({ "quantity": 5 }))
            .await
            .json_of(200)["items"][0]["quantity"],
        5
    );
    assert_eq!(
        user.put("/api/cart/items/agent", &json!({ "quantity": 2 }))
            .await
            .json_of(200)["total"],
        json!(109.95)
    );
    let _ = user.delete(&line).await.expect(200);
    assert_eq!(held(&user).await, pieces(&[("agent", 2)]));
    let _ = user.delete(&line).await.problem(404, "not-found");
    assert_eq!(user.delete("/api/cart").await.json_of(200), empty);
    assert_eq!(user.get("/api/cart").await.json_of(200), empty);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_leaves_the_cart() {
    let host = open().await;
    let user = host.user("u1");
    let before = add(&user, "watch", 2).await;
    let adding = [
        ("", None),
        ("{", None),
        ("[]x", None),
        (r#"{"quantity":1}"#, Some("productId")),
        (r#"{"productId":7}"#, Some("productId")),
        (r#"{"productId":"watch","price":0}"#, Some("price")),
        (r#"{"productId":"watch","quantity":0}"#, Some("quantity")),
        (r#"{"productId":"watch","quantity":998}"#, Some("quantity")),
        (
            r#"{"productId":"watch","quantity":4294967295}"#,
            Some("quantity"),
        ),
    ];
    let changing = [
        ("{}", Some("quantity")),
        (r#"{"quantity":0}"#, Some("quantity")),
        (r#"{"quantity":1000}"#, Some("quantity")),
        (r#"{"quantity":1,"price":1}"#, Some("price")),
    ];
    for quantity in ["-1", "1.5", r#""2""#, "null", "4294967296", "1e99", "[]"] {
        let body = format!(r#"{{"productId":"watch","quantity":{quantity}}}"#);
        shop::assert_refused(
            user.send(Method::POST, "/api/cart/items", body.clone())
                .await,
            Some("quantity"),
            &body,
        );
        let body = format!(r#"{{"quantity":{quantity}}}"#);
        shop::assert_refused(
            user.send(Method::PUT, "/api/cart/items/watch", body.clone())
                .await,
            Some("quantity"),
            &body,
        );
    }
    for (body, field) in adding {
        shop::assert_refused(
            user.send(Method::POST, "/api/cart/items", body).await,
            field,
            body,
        );
    }
    for (body, field) in changing {
        shop::assert_refused(
            user.send(Method::PUT, "/api/cart/items/watch", body).await,
            field,
            body,
        );
    }
    let oversize = json!({ "productId": "x".repeat(3 << 20) });
    let _ = user
        .post("/api/cart/items", &oversize)
        .await
        .problem(413, "body-too-large");
    for missing in [
        "absent",
        "hidden",
        "",
        "a b",
        "../watch",
        "\u{0}",
        &"x".repeat(10_000),
    ] {
        let _ = user
            .post("/api/cart/items", &json!({ "productId": missing }))
            .await
            .problem(404, "not-found");
    }
    for (method, body) in [(Method::PUT, r#"{"quantity":1}"#), (Method::DELETE, "")] {
        let _ = user
            .send(method, "/api/cart/items/agent", body)
            .await
            .problem(404, "not-found");
    }
    assert_eq!(user.get("/api/cart").await.json_of(200), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_no_item() {
    let host = open().await;
    let user = host.user("u1");
    let _ = add(&user, "watch", 2).await;
    for (method, path, body) in [
        (Method::POST, "/api/cart/items", r#"["watch",1]"#),
        (Method::PUT, "/api/cart/items/watch", "[1]"),
        (Method::PATCH, "/products/watch/inventory", "[1]"),
    ] {
        shop::assert_refused(user.send(method, path, body).await, None, body);
    }
    assert_eq!(held(&user).await, pieces(&[("watch", 2)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_put_in_than_there_is() {
    let host = open().await;
    let user = host.user("u1");
    let _ = add(&user, "watch", 4).await;
    let more = user
        .post(
            "/api/cart/items",
            &json!({ "productId": "watch", "quantity": 2 }),
        )
        .await
        .problem(409, "out-of-stock");
    assert_eq!(more["field"], "quantity");
    let _ = user
        .put("/api/cart/items/watch", &json!({ "quantity": 6 }))
        .await
        .problem(409, "out-of-stock");
    assert_eq!(held(&user).await, pieces(&[("watch", 4)]));
    let _ = shop::sell(&host, json!({ "id": "euro", "currency": "EUR" })).await;
    let _ = user
        .post("/api/cart/items", &json!({ "productId": "euro" }))
        .await
        .problem(409, "mixed-currencies");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_issued_once_and_known_by_cookie_and_by_header() {
    let host = open().await;
    let first = host
        .anonymous()
        .post("/api/cart/items", &json!({ "productId": "watch" }))
        .await
        .expect(200);
    let session = first.text("x-session-id").unwrap().to_owned();
    let cookie = first.text("set-cookie").unwrap();
    assert!(
        cookie.starts_with(&format!("stoa_session={session};")) && cookie.contains("HttpOnly"),
        "{cookie}"
    );
    let by_header = host.anonymous().header("x-session-id", &session);
    let by_cookie = host
        .anonymous()
        .header("cookie", &format!("theme=dark; stoa_session={session}"));
    for shopper in [&by_header, &by_cookie] {
        assert_eq!(held(shopper).await, pieces(&[("watch", 1)]));
        assert_eq!(
            shopper.get("/api/cart").await.text("x-session-id"),
            None,
            "it has one"
        );
    }
    let _ = add(&by_cookie, "agent", 3).await;
    let _ = by_header
        .put("/api/cart/items/watch", &json!({ "quantity": 2 }))
        .await
        .expect(200);
    assert_eq!(
        held(&by_cookie).await,
        pieces(&[("watch", 2), ("agent", 3)])
    );
    // Others have other carts.
    assert_eq!(held(&host.anonymous()).await, pieces(&[]));
    assert_eq!(
        held(&host.anonymous().header("x-session-id", SESSION)).await,
        pieces(&[])
    );
    let elsewhere = by_header.header("x-tenant", "rival");
    assert_eq!(held(&elsewhere).await, pieces(&[]));
    for bad in [
        "short",
        "has space in the middle",
        "semi;colon-semi;colon",
        &"x".repeat(129),
    ] {
        let answer = host
            .anonymous()
            .header("x-session-id", bad)
            .get("/api/cart")
            .await;
        shop::assert_refused(answer, Some("x-session-id"), bad);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn carts_of_users_are_their_own() {
    let host = open().await;
    let cart = add(&host.user("u1"), "watch", 2).await;
    let line = format!("/api/cart/items/{}", shop::id(&cart["items"][0]));
    // The same id in another tenant is another person; a session may not pose as a user.
    let posing = host.anonymous().header("x-session-id", "u1-u1-u1-u1-u1-u1");
    let outsiders = [
        host.user("u2"),
        host.admin(),
        host.account_in("rival", "u1", Role::User),
        posing,
    ];
    for outsider in outsiders {
        assert_eq!(held(&outsider).await, pieces(&[]));
        let _ = outsider
            .put(&line, &json!({ "quantity": 1 }))
            .await
            .problem(404, "not-found");
        let _ = outsider.delete(&line).await.problem(404, "not-found");
        let _ = outsider.delete("/api/cart").await.expect(200);
    }
    assert_eq!(host.user("u1").get("/api/cart").await.json_of(200), cart);
    let rival = host.account_in("rival", "u1", Role::User);
    let _ = rival
        .post("/api/cart/items", &json!({ "productId": "watch" }))
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_collected_before_signing_in_comes_along_once() {
    let host = open().await;
    let session = host.anonymous().header("x-session-id", SESSION);
    let signed_in = host.user("u1").header("x-session-id", SESSION);
    let _ = add(&host.user("u1"), "watch", 1).await;
    let _ = add(&session, "watch", 2).await;
    let _ = add(&session, "agent", 1).await;
    for _ in 0..2 {
        assert_eq!(
            held(&signed_in).await,
            pieces(&[("watch", 3), ("agent", 1)])
        );
    }
    assert_eq!(
        held(&host.user("u1")).await,
        pieces(&[("watch", 3), ("agent", 1)]),
        "without the session, too"
    );
    assert_eq!(held(&session).await, pieces(&[]), "it is the user's now");
    // By the browser's cookie it is the same, and it may happen with a write.
    let _ = add(&session, "agent", 4).await;
    let by_cookie = host
        .user("u1")
        .header("cookie", &format!("stoa_session={SESSION}"));
    let _ = add(&by_cookie, "agent", 1).await;
    assert_eq!(
        held(&host.user("u1")).await,
        pieces(&[("watch", 3), ("agent", 6)])
    );
    // A user of another tenant takes nothing along.
    let _ = add(&session, "agent", 1).await;
    let rival = host
        .account_in("rival", "u1", Role::User)
        .header("x-session-id", SESSION);
    assert_eq!(held(&rival).await, pieces(&[]));
    assert_eq!(held(&session).await, pieces(&[("agent", 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_merges_once_however_often_it_is_asked_for_at_once() {
    let host = open().await;
    let _ = add(
        &host.anonymous().header("x-session-id", SESSION),
        "watch",
        2,
    )
    .await;
    let signed_in = host.user("u1").header("x-session-id", SESSION);
    let asking: Vec<_> = (0..16)
        .map(|_| {
            let shopper = signed_in.clone();
            tokio::spawn(async move { held(&shopper).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), pieces(&[("watch", 2)]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_follow_the_catalogue() {
    let host = open().await;
    let user = host.user("u1");
    let _ = add(&user, "watch", 3).await;
    let _ = add(&user, "agent", 1).await;
    let total = async || {
        let cart = user.get("/api/cart").await.json_of(200);
        (
            cart["items"][0]["price"].clone(),
            cart["items"][0]["available"].clone(),
            cart["total"].clone(),
        )
    };
    let change = async |patch: Value| {
        let _ = host
            .admin()
            .patch("/api/v1/products/watch", &patch)
            .await
            .expect(200);
    };
    assert_eq!(total().await, (json!(19.99), json!(true), json!(64.97)));
    change(json!({ "price": 10.5, "name": "Cheap watch" })).await;
    assert_eq!(total().await, (json!(10.5), json!(true), json!(36.5)));
    assert_eq!(
        user.get("/api/cart").await.json_of(200)["items"][0]["name"],
        "Cheap watch"
    );
    change(json!({ "stock": 2 })).await;
    assert_eq!(total().await, (json!(10.5), json!(false), json!(5)));
    change(json!({ "stock": 3 })).await;
    assert_eq!(total().await, (json!(10.5), json!(true), json!(36.5)));
    change(json!({ "status": "draft" })).await;
    assert_eq!(total().await.1, json!(false));
    let _ = host.admin().delete("/products/watch").await.expect(204);
    let (_, available, rest) = total().await;
    assert_eq!((available, rest), (json!(false), json!(5)));
    let _ = user
        .put("/api/cart/items/watch", &json!({ "quantity": 1 }))
        .await
        .problem(404, "not-found");
    let _ = user.delete("/api/cart/items/watch").await.expect(200);
    assert_eq!(held(&user).await, pieces(&[("agent", 1)]));
}

fn taxed(percent: Value) -> Policy {
    let settings = BTreeMap::from([
        ("tax_percent".to_owned(), percent),
        ("currency".to_owned(), json!("EUR")),
    ]);
    Policy {
        settings: BTreeMap::from([("cart".to_owned(), settings)]),
        ..Policy::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sets_the_tax() {
    let host = TestHost::builder()
        .policy(taxed(json!(19)))
        .plugin("catalog")
        .plugin("cart")
        .start()
        .await;
    stock(&host).await;
    let user = host.user("u1");
    assert_eq!(
        user.get("/api/cart").await.json_of(200)["currency"],
        "EUR",
        "of an empty cart"
    );
    let cart = add(&user, "watch", 3).await;
    assert_eq!(
        (&cart["subtotal"], &cart["tax"], &cart["total"]),
        (&json!(59.97), &json!(11.39), &json!(71.36))
    );
    assert_eq!(
        (&cart["taxRate"], &cart["currency"]),
        (&json!(19.0), &json!("USD"))
    );
    host.runtime.set_policy(taxed(json!(7.5))).await;
    let cart = user.get("/api/cart").await.json_of(200);
    assert_eq!(
        (&cart["tax"], &cart["total"], &cart["taxRate"]),
        (&json!(4.5), &json!(64.47), &json!(7.5))
    );
    // A tax that makes no sense sells nothing, and a client learns nothing about it.
    host.runtime.set_policy(taxed(json!(-3))).await;
    let failed = user.get("/api/cart").await.expect(500);
    assert!(
        !failed.json().to_string().contains("tax"),
        "{}",
        failed.json()
    );
    host.runtime.set_policy(taxed(json!("much"))).await;
    let status = stoa_kernel::plugins::Plugins::status(&*host.runtime);
    assert!(
        status
            .iter()
            .any(|part| part.part == "plugin:cart" && part.detail.is_some()),
        "{status:?}"
    );
}

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
