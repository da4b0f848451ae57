//! `/api/orders` and `/api/v1/order`: from a cart to an order, through real components.

mod expiry;
mod free;
mod fulfilment;
mod races;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost};

use crate::shop;

/// A shop with five watches of `v1`, ten straps of `v2`, and a download of `v1`.
async fn open() -> Arc<TestHost> {
    let builder = TestHost::builder().plugin("catalog").plugin("cart");
    let host = Arc::new(builder.plugin("orders").start().await);
    stock(&host).await;
    host
}

async fn stock(host: &TestHost) {
    let _ = shop::sell(
        host,
        json!({ "id": "watch", "name": "Watch", "price": 19.99, "stock": 5, "vendorId": "v1" }),
    )
    .await;
    let _ = shop::sell(
        host,
        json!({ "id": "strap", "name": "Strap", "price": 1, "stock": 10, "vendorId": "v2" }),
    )
    .await;
    let _ = shop::sell(
        host,
        json!({ "id": "agent", "name": "Agent", "price": 5, "vendorId": "v1" }),
    )
    .await;
}

async fn place(actor: &Actor, product: &str, quantity: u32) -> Value {
    let items = json!([{ "productId": product, "quantity": quantity }]);
    let answer = actor.post("/api/orders", &json!({ "items": items })).await;
    answer.json_of(201)
}

async fn see(actor: &Actor, order: &Value) -> Value {
    let path = format!("/api/orders/{}", shop::id(order));
    actor.get(&path).await.json_of(200)
}

/// Pieces that are left.
async fn left(host: &TestHost, product: &str) -> u64 {
    let path = format!("/api/products/{product}");
    let product = host.anonymous().get(&path).await.json_of(200);
    product["stock"].as_u64().expect("it is counted")
}

/// Names of the events that have been raised about an order, in order.
async fn told(host: &TestHost, order: &Value) -> Vec<String> {
    let id = shop::id(order);
    let all = shop::events(host).await.into_iter();
    all.filter(|(_, key)| *key == id)
        .map(|(name, _)| name)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_becomes_an_order_in_one_transaction() {
    let host = open().await;
    let buyer = host.user("u1");
    for (product, quantity) in [("watch", 2), ("agent", 1)] {
        let item = json!({ "productId": product, "quantity": quantity });
        let _ = buyer.post("/api/cart/items", &item).await.expect(200);
    }
    let order = buyer
        .send(Method::POST, "/api/orders", "")
        .await
        .json_of(201);
    assert_eq!(
        (&order["total"], &order["status"], &order["userId"]),
        (&json!(44.98), &json!("pending"), &json!("u1"))
    );
    assert_eq!(
        (&order["orderId"], &order["payment"]["status"]),
        (&order["id"], &json!("pending"))
    );
    assert_eq!(left(&host, "watch").await, 3);
    assert_eq!(
        buyer.get("/api/cart").await.json_of(200)["items"],
        json!([])
    );
    assert_eq!(told(&host, &order).await, ["order.created"]);
    assert_eq!(see(&buyer, &order).await, order);
    let list = buyer.get("/api/orders?page=1&limit=10").await.json_of(200);
    assert_eq!((&list["total"], &list["items"][0]), (&json!(1), &order));
    // There is nothing left to order.
    let again = buyer.send(Method::POST, "/api/v1/order/create", "").await;
    let _ = again.problem(409, "empty-order");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_find_what_they_send_under_the_names_by_which_they_send_it() {
    let host = open().await;
    let billing = json!({
        "name": "Ada", "email": "ada@example.org", "address": "1 Square", "city": "London",
        "country": "GB", "zip": "SW1Y 4JH",
    });
    let body = json!({
        "items": [{ "product": "watch", "quantity": 1 }], "billingAddress": billing,
        "paymentMethod": "razorpay",
    });
    let buyer = host.user("u1");
    let order = buyer.post("/api/orders", &body).await.json_of(201);
    assert_eq!(order["items"][0]["product"], "watch");
    assert_eq!(order["payment"]["provider"], "razorpay");
    for (name, sent) in billing.as_object().unwrap() {
        assert_eq!(order["billingAddress"][name], *sent, "{name}");
    }
    let order = see(&host.vendor("v1"), &order).await;
    assert_eq!(
        (order.get("payment"), order.get("billingAddress")),
        (None, None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_that_cannot_be_sold_stays_as_it_is() {
    let host = open().await;
    let (slow, quick) = (host.user("u1"), host.user("u2"));
    for (product, quantity) in [("strap", 1), ("watch", 4)] {
        let item = json!({ "productId": product, "quantity": quantity });
        let _ = slow.post("/api/cart/items", &item).await.expect(200);
    }
    let before = slow.get("/api/cart").await.json_of(200);
    let _ = place(&quick, "watch", 2).await;
    let refused = slow.post("/api/orders", &json!({})).await;
    let problem = refused.problem(409, "out-of-stock");
    assert_eq!(problem["field"], "items.1.quantity");
    assert_eq!(
        (left(&host, "strap").await, left(&host, "watch").await),
        (10, 3)
    );
    let after = slow.get("/api/cart").await.json_of(200);
    assert_eq!(after["items"][0], before["items"][0]);
    assert_eq!(after["items"][1]["quantity"], 4);
    assert_eq!(slow.get("/api/orders").await.json_of(200)["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_signs_in_orders_what_it_had_collected() {
    let host = open().await;
    let session = "0123456789abcdef0123456789abcdef";
    let browser = host.anonymous().header("x-session-id", session);
    let item = json!({ "productId": "strap", "quantity": 2 });
    let _ = browser.post("/api/cart/items", &item).await.expect(200);
    let buyer = host.user("u1").header("x-session-id", session);
    let order = buyer.post("/api/orders", &json!({})).await.json_of(201);
    assert_eq!(order["items"][0]["quantity"], 2);
    assert_eq!(
        browser.get("/api/cart").await.json_of(200)["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_sells_nothing() {
    let host = open().await;
    let buyer = host.user("u1");
    for (body, field) in [
        ("{", None),
        ("[]", None),
        (r#"{"items":[{"quantity":1}]}"#, Some("items.0.productId")),
        (
            r#"{"items":[{"productId":"watch","price":0}]}"#,
            Some("items.0.price"),
        ),
        (
            r#"{"items":[{"productId":"watch","quantity":0}]}"#,
            Some("items.0.quantity"),
        ),
        (
            r#"{"items":[{"productId":"watch","quantity":-1}]}"#,
            Some("items.0.quantity"),
        ),
        (
            r#"{"items":[{"productId":"watch"}],"total":1}"#,
            Some("total"),
        ),
        (
            r#"{"items":[{"productId":"watch"}],"shippingAddress":{"name":"A","line1":"1","city":"B","country":"Atlantis"}}"#,
            Some("shippingAddress.country"),
        ),
    ] {
        for path in ["/api/orders", "/api/v1/order/create"] {
            let answer = buyer.send(Method::POST, path, body).await;
            shop::assert_refused(answer, field, body);
        }
    }
    let nothing = json!({ "items": [{ "productId": "nothing" }] });
    let problem = buyer.post("/api/orders", &nothing).await;
    assert_eq!(
        problem.problem(409, "unavailable")["field"],
        "items.0.productId"
    );
    let coded = json!({ "items": [{ "productId": "watch" }], "discountCode": "SPRING" });
    let problem = buyer.post("/api/orders", &coded).await;
    let _ = problem.problem(422, "discount-unavailable");
    assert_eq!(left(&host, "watch").await, 5);
    assert_eq!(buyer.get("/api/orders").await.json_of(200)["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_orders_look_missing() {
    let host = open().await;
    let order = shop::id(&place(&host.user("u1"), "watch", 1).await);
    let strangers = [
        host.user("u2"),
        host.vendor("v2"),
        host.account_in("rival", "u1", stoa_kernel::identity::Role::Admin),
    ];
    for stranger in &strangers {
        for (method, path) in [
            (Method::GET, "/api/orders/{id}"),
            (Method::GET, "/api/v1/order/{id}"),
            (Method::POST, "/api/orders/{id}/cancel"),
            (Method::DELETE, "/api/v1/order/{id}/cancel"),
        ] {
            shop::looks_missing(stranger, method, path, "", &order).await;
        }
    }
    let shipped = r#"{"status":"shipped"}"#;
    shop::looks_missing(
        &strangers[1],
        Method::PATCH,
        "/api/v1/order/{id}",
        shipped,
        &order,
    )
    .await;
    shop::looks_missing(
        &strangers[2],
        Method::PUT,
        "/api/orders/{id}/status",
        shipped,
        &order,
    )
    .await;
    let own = host.user("u1").get("/api/orders").await.json_of(200);
    assert_eq!(own["items"][0]["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_are_what_the_plugins_of_the_extension_points_say() {
    let host = open().await;
    for name in ["discount-codes", "tax-vat", "shipping-flat"] {
        let file = std::fs::read(stoa_testkit::plugin_file(name)).unwrap();
        host.install(name, &file).await.unwrap();
    }
    let code = json!({ "percent": 10, "usesLeft": 1 });
    let _ = host
        .admin()
        .put("/api/discounts/spring", &code)
        .await
        .expect(200);
    let body = json!({
        "items": [{ "productId": "watch", "quantity": 2 }, { "productId": "agent" }],
        "discountCode": "SPRING",
    });
    let order = host
        .user("u1")
        .post("/api/orders", &body)
        .await
        .json_of(201);
    // 44.98 less 10 %: 4.50, of which the watches bear 4.00 and the download 0.50.
    assert_eq!(
        (&order["discount"], &order["total"]),
        (&json!(4.5), &json!(40.48))
    );
    let off: Vec<&Value> = order["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["discount"])
        .collect();
    assert_eq!(off, [&json!(4), &json!(0.5)]);
    let again = host.user("u2").post("/api/orders", &body).await;
    let problem = again.problem(422, "discount-refused");
    assert_eq!(problem["field"], "discountCode");
    assert_eq!(left(&host, "watch").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
pub async fn a_tax_that_makes_no_sense_is_nobodys_price() {
    let host = open().await;
    let file = std::fs::read(stoa_testkit::guest_file("hostile")).unwrap();
    host.install("hostile", &file).await.unwrap();
    // A tax of less than nothing, and one of more than there is money: it counts as absent.
    for country in ["AQ", "BV"] {
        let address = json!({ "name": "A", "line1": "1", "city": "B", "country": country });
        let body = json!({
            "items": [{ "productId": "watch", "quantity": 1 }], "shippingAddress": address,
        });
        let order = host.user("u1").post("/api/orders", &body).await;
        let order = order.json_of(201);
        assert_eq!(order["total"], json!(19.99), "{country}: {order}");
    }
}
