//! No lost update: what was acknowledged is there, though many change the same document at once.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::market::{Market, insist};
use super::{Place, at_once, on_both_stores};

/// Who changes at the same time.
const WORKERS: usize = 32;
/// Changes of each.
const ROUNDS: usize = 3;
/// Pieces on the shelf.
const PIECES: u32 = 1_000;
/// Members that each have one worker of their own; all others take pieces.
const MEMBERS: [&str; 6] = [
    "name",
    "description",
    "brand",
    "sku",
    "category",
    "thumbnail",
];

on_both_stores!(
    who_writes_a_product_anew_loses_no_piece_and_no_other_member,
    every_download_that_was_told_is_counted,
);

/// A patch reads the whole product and writes it whole; taking pieces changes one number in it.
async fn who_writes_a_product_anew_loses_no_piece_and_no_other_member(place: Place) {
    let market = Market::open(place).await;
    market.sell("watch", "v1", 19.99, Some(PIECES)).await;
    let acknowledged = at_once(WORKERS, |worker| {
        let market = Arc::clone(&market);
        async move {
            for round in 0..ROUNDS {
                match MEMBERS.get(worker) {
                    Some(member) => patch(&market, member, round).await,
                    None => take(&market).await,
                }
            }
        }
    })
    .await;
    let taken = (acknowledged.len() - MEMBERS.len()) * ROUNDS;
    assert_eq!(market.left("watch").await, u64::from(PIECES) - taken as u64);
    let admin = market.host.admin();
    let product = admin.get("/products/watch").await.json_of(200);
    for member in MEMBERS {
        assert_eq!(product[member], value(member, ROUNDS - 1), "{member}");
    }
}

fn value(member: &str, round: usize) -> Value {
    json!(format!("/{member}-{round}"))
}

async fn patch(market: &Market, member: &str, round: usize) {
    let change = json!({ member: value(member, round) });
    let path = "/api/v1/products/watch";
    let changed = insist(&market.host.admin(), Method::PATCH, path, &change).await;
    // The answer is what was written, with what others had written before.
    assert_eq!(changed.json_of(200)[member], change[member]);
}

async fn take(market: &Market) {
    let one = json!({ "quantity": 1 });
    let path = "/products/watch/inventory";
    let buyer = market.host.user("u1");
    let _ = insist(&buyer, Method::PATCH, path, &one).await.expect(200);
}

/// A counter that its plugin reads, adds one to, and writes.
async fn every_download_that_was_told_is_counted(place: Place) {
    let market = Market::open(place).await;
    market.sell("agent", "v1", 5.0, None).await;
    let order = market.order("u1", "agent").await.unwrap();
    let _ = market.pay("u1", &order).await;
    let _ = market.settled().await;
    let _ = at_once(WORKERS, |_| {
        let buyer = market.host.user("u1");
        async move {
            for _ in 0..ROUNDS {
                let path = "/api/downloads/agent/track";
                let told = insist(&buyer, Method::POST, path, &json!({})).await;
                let _ = told.expect(200);
            }
        }
    })
    .await;
    let buyer = market.host.user("u1");
    let licence = buyer.get("/api/downloads/agent/license").await.json_of(200);
    assert_eq!(licence["downloads"], WORKERS * ROUNDS);
}
