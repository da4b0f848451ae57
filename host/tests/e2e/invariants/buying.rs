//! Goods: nothing is sold that is not there, and one key is one order.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::market::{Market, insist};
use super::{Place, at_once, count, on_both_stores};
use crate::shop;

/// Buyers who want the same.
const BUYERS: usize = 200;
/// Pieces that there are for them.
const PIECES: u32 = 10;
/// Repetitions of one request at once.
const REPEATED: usize = 64;

on_both_stores!(
    two_hundred_buyers_of_ten_pieces_get_exactly_ten,
    one_key_is_one_order,
);

async fn two_hundred_buyers_of_ten_pieces_get_exactly_ten(place: Place) {
    let market = Market::open(place).await;
    market.sell("watch", "v1", 19.99, Some(PIECES)).await;
    let bought = at_once(BUYERS, |number| {
        let market = Arc::clone(&market);
        async move {
            let order = market.order(&format!("buyer-{number}"), "watch").await;
            // Whoever looks in the middle of it finds every piece once, too.
            if number % 20 == 0 {
                let left = market.left("watch").await;
                assert!(left <= u64::from(PIECES), "{left}");
            }
            order
        }
    })
    .await;
    assert_eq!(bought.iter().flatten().count(), PIECES as usize);
    let books = market.settled().await;
    books.assert_settled();
    books.assert_pieces("watch", PIECES.into());
    assert_eq!((books.sold("watch"), books.orders.len()), (10, 10));
}

async fn one_key_is_one_order(place: Place) {
    let market = Market::open(place).await;
    market.sell("watch", "v1", 19.99, Some(PIECES)).await;
    let body = json!({ "items": [{ "productId": "watch" }] });
    let buyer = market.host.user("u1").idempotent("once");
    let answers = at_once(REPEATED, |_| {
        let (buyer, body) = (buyer.clone(), body.clone());
        async move { buyer.post("/api/orders", &body).await }
    })
    .await;
    let mut orders = Vec::new();
    for answer in answers {
        match answer.status.as_u16() {
            201 => orders.push(answer.body),
            // Whoever asks while the first is under way is told to come back.
            409 => drop(answer.problem(409, "idempotency-in-flight")),
            503 => assert!(answer.text("retry-after").is_some()),
            other => panic!("{other}: {}", answer.json()),
        }
    }
    let first = orders.first().expect("one of them is the first").clone();
    assert_eq!(
        count(&orders, &first),
        orders.len(),
        "replayed byte by byte"
    );

    let again = insist(&buyer, Method::POST, "/api/orders", &body).await;
    assert_eq!(again.text("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(201).body, first);
    let other = json!({ "items": [{ "productId": "watch", "quantity": 2 }] });
    let other = insist(&buyer, Method::POST, "/api/orders", &other).await;
    let _ = other.problem(422, "idempotency-mismatch");

    let books = market.settled().await;
    let order: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(books.orders.keys().collect::<Vec<_>>(), [&shop::id(&order)]);
    books.assert_settled();
    books.assert_pieces("watch", PIECES.into());
}
