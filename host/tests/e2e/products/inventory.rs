//! `/products/{id}/inventory`: stock is taken, and never a piece twice.

use std::sync::Arc;

use http::Method;
use serde_json::json;
use stoa_testkit::TestHost;

use crate::shop;

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
