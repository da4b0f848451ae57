//! `/api/cart`: carts of sessions and of users.

mod lifetime;
mod owners;
mod prices;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost};

use crate::shop;

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
        json!({ "userId": "u1", "items": [], "itemCount": 0, "subtotal": 0, "tax": 0, "taxRate": 0.0, "total": 0, "currency": "USD" })
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
