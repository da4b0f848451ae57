//! Many at once, and the same again: nothing is sold, ordered or given back twice.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::json;
use stoa_testkit::{Actor, Answer, TestHost};

use super::{left, open, place};
use crate::shop;

/// How often a full host is asked again.
const LOOKS_MAX: u32 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_buyers_of_the_last_five_pieces_get_exactly_five() {
    const BUYERS: usize = 32;
    let host = open().await;
    let buys: Vec<_> = (0..BUYERS)
        .map(|number| tokio::spawn(buy(Arc::clone(&host), number)))
        .collect();
    let mut sold = 0;
    for buy in buys {
        sold += u32::from(buy.await.unwrap());
    }
    assert_eq!((sold, left(&host, "watch").await), (5, 0));
    let all = host.admin().get("/api/orders?all=true").await.json_of(200);
    assert_eq!(all["total"], 5);
    let items = all["items"].as_array().unwrap().iter();
    let mut numbers: Vec<String> = items
        .map(|order| order["orderNumber"].to_string())
        .collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 5);
}

/// Orders one piece out of a cart; whether there was one.
async fn buy(host: Arc<TestHost>, number: usize) -> bool {
    let buyer = host.user(&format!("buyer-{number}"));
    let item = json!({ "productId": "watch" });
    let added = admitted(&buyer, "/api/cart/items", &item.to_string()).await;
    if added.status == 409 {
        let _ = added.problem(409, "out-of-stock");
        return false;
    }
    let _ = added.expect(200);
    let answer = admitted(&buyer, "/api/orders", "").await;
    if answer.status == 201 {
        return true;
    }
    let _ = answer.problem(409, "out-of-stock");
    false
}

/// Asks until the host has room: a full one says so, and has done nothing.
async fn admitted(buyer: &Actor, path: &str, body: &str) -> Answer {
    for _ in 0..LOOKS_MAX {
        let answer = buyer.send(Method::POST, path, body.to_owned()).await;
        if answer.status != 503 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the host never had room for {path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_repeated_is_one_order() {
    let host = open().await;
    let body = json!({ "items": [{ "productId": "watch" }] });
    let asks: Vec<_> = (0..8)
        .map(|_| {
            let (buyer, body) = (host.user("u1").idempotent("once"), body.clone());
            tokio::spawn(async move { buyer.post("/api/orders", &body).await })
        })
        .collect();
    let mut first = None;
    for ask in asks {
        let answer = ask.await.unwrap();
        // Somebody who asks while the first is under way may be told to come back.
        if answer.status != 201 {
            assert_eq!(answer.status, 409, "{}", answer.json());
            continue;
        }
        let order = answer.json();
        assert_eq!(*first.get_or_insert_with(|| order.clone()), order);
    }
    let again = host
        .user("u1")
        .idempotent("once")
        .post("/api/orders", &body)
        .await;
    assert_eq!(Some(again.json_of(201)), first);
    assert_eq!(left(&host, "watch").await, 4);
    let list = host.user("u1").get("/api/orders").await.json_of(200);
    assert_eq!(list["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_cancel_at_once_give_the_stock_back_once() {
    let host = open().await;
    let order = place(&host.user("u1"), "watch", 3).await;
    let path = format!("/api/orders/{}/cancel", shop::id(&order));
    let cancels: Vec<_> = [
        host.user("u1"),
        host.admin(),
        host.vendor("v1"),
        host.user("u1"),
    ]
    .into_iter()
    .map(|actor| {
        let path = path.clone();
        tokio::spawn(async move { actor.post(&path, &json!({})).await })
    })
    .collect();
    let mut cancelled = 0;
    for cancel in cancels {
        let answer = cancel.await.unwrap();
        if answer.status == 200 {
            cancelled += 1;
        } else {
            let _ = answer.problem(409, "wrong-status");
        }
    }
    assert_eq!((cancelled, left(&host, "watch").await), (1, 5));
}
