//! Payouts: never more than is available, and decided once.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use tokio::task::JoinSet;

use super::money::balance;
use super::{Market, Person};
use crate::shop;

const PAYOUTS: &str = "/api/vendors/payouts";

/// How many ask at the same time.
const REQUESTS: usize = 32;

/// A market in which a vendor has 180.00 to be paid.
async fn open() -> (Market, Person) {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let lamp = market.sell(&vera, json!({})).await;
    let _ = market.buy(&market.join("Bea").await, &[(&lamp, 2)]).await;
    market.settled().await;
    assert_eq!(balance(&vera).await["available"], 180);
    (market, vera)
}

async fn ask(vendor: &Person, amount: u32) -> Value {
    let wish = json!({ "amount": amount });
    vendor.actor.post(PAYOUTS, &wish).await.json_of(201)
}

async fn decide(market: &Market, id: &str, paid: bool) -> stoa_testkit::Answer {
    let path = format!("{PAYOUTS}/{id}/decision");
    let decision = json!({ "paid": paid, "note": "T-1" });
    market.host.admin().post(&path, &decision).await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_never_get_more_than_is_available() {
    let (market, vera) = open().await;
    let vera = Arc::new(vera);
    let mut requests = JoinSet::new();
    for _ in 0..REQUESTS {
        let vera = vera.clone();
        requests.spawn(async move { vera.actor.post(PAYOUTS, &json!({ "amount": 25 })).await });
    }
    let answers = requests.join_all().await;
    let (made, refused): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| answer.status.as_u16() == 201);
    assert_eq!(made.len(), 7, "as often as 25 is in 180");
    for answer in refused {
        let problem = answer.problem(422, "insufficient-balance");
        assert_eq!(problem["field"], "amount");
    }
    let seen = balance(&vera).await;
    assert_eq!(
        (&seen["available"], &seen["pending"], &seen["earned"]),
        (&json!(5), &json!(175), &json!(180))
    );
    let entries = vera.get("/api/vendors/earnings").await;
    assert_eq!(entries["total"], 8, "a sale and seven payouts");
    let list = vera.get(&format!("{PAYOUTS}?status=pending")).await;
    assert_eq!(list["total"], 7);
    market.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_pays_or_rejects_once() {
    let (market, vera) = open().await;
    let (paid, rejected) = (ask(&vera, 100).await, ask(&vera, 80).await);
    assert_eq!(balance(&vera).await["available"], 0);
    let (paid, rejected) = (shop::id(&paid), shop::id(&rejected));
    for _ in 0..2 {
        let done = decide(&market, &paid, true).await.json_of(200);
        assert_eq!(
            (&done["status"], &done["note"]),
            (&json!("paid"), &json!("T-1"))
        );
        let done = decide(&market, &rejected, false).await.json_of(200);
        assert_eq!(done["status"], "rejected");
    }
    let twice = decide(&market, &paid, false).await;
    let _ = twice.problem(409, "invalid-status");
    let seen = balance(&vera).await;
    assert_eq!(
        (&seen["paidOut"], &seen["pending"], &seen["available"]),
        (&json!(100), &json!(0), &json!(80))
    );
    // Many who decide at the same time: one word counts.
    let last = shop::id(&ask(&vera, 80).await);
    let decisions = (0..8).map(|n| decide(&market, &last, n % 2 == 0));
    let words = futures::future::join_all(decisions).await;
    let agreed: Vec<Value> = words
        .into_iter()
        .filter(|answer| answer.status.as_u16() == 200)
        .map(|answer| answer.json()["status"].clone())
        .collect();
    assert_eq!(agreed.len(), 4, "{agreed:?}");
    let seen = balance(&vera).await;
    let rest = if agreed[0] == "paid" { 0 } else { 80 };
    assert_eq!(
        (&seen["available"], &seen["pending"]),
        (&json!(rest), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_payout_is_refused_and_moves_nothing() {
    let (_market, vera) = open().await;
    let before = vera.get("/api/vendors/earnings").await;
    for (amount, status, code) in [
        (json!(180.01), 422, "insufficient-balance"),
        (json!(9.99), 422, "unprocessable"),
        (json!(0), 422, "unprocessable"),
        (json!(-50), 400, "invalid-request"),
        (json!(50.001), 400, "invalid-request"),
        (json!("50"), 400, "invalid-request"),
        (json!(1e300), 400, "invalid-request"),
    ] {
        let wish = json!({ "amount": amount });
        let refused = vera.actor.post(PAYOUTS, &wish).await;
        assert_eq!(refused.problem(status, code)["field"], "amount", "{amount}");
    }
    let elsewhere = json!({ "amount": 50, "currency": "EUR" });
    let refused = vera.actor.post(PAYOUTS, &elsewhere).await;
    let _ = refused.problem(422, "insufficient-balance");
    assert_eq!(vera.get("/api/vendors/earnings").await, before);
    // The same request twice is one payout.
    let wish = json!({ "amount": 50 });
    let keyed = vera.actor.idempotent("rent");
    let made = keyed.post(PAYOUTS, &wish).await.json_of(201);
    assert_eq!(keyed.post(PAYOUTS, &wish).await.json_of(201), made);
    assert_eq!(balance(&vera).await["available"], 130);
    for query in ["page=0", "limit=0", "page=2"] {
        let list = vera.get(&format!("{PAYOUTS}?{query}")).await;
        assert_eq!(list["total"], 1, "{query}");
    }
    for query in ["status=lost", "page=-1", "limit=x", "page=4000000000"] {
        let refused = vera.actor.get(&format!("{PAYOUTS}?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payouts_are_seen_by_their_vendor_and_decided_by_administrators() {
    let (market, vera) = open().await;
    let payout = shop::id(&ask(&vera, 50).await);
    let vito = market.vendor("Vito").await;
    assert_eq!(vito.get(PAYOUTS).await["total"], 0);
    let admin = market.host.admin();
    let all = admin.get(PAYOUTS).await.json_of(200);
    assert_eq!(all["payouts"][0]["vendorId"], vera.id.as_str());
    let rival = market.host.account_in("rival", "boss", Role::Admin);
    assert_eq!(rival.get(PAYOUTS).await.json_of(200)["total"], 0);
    let path = format!("{PAYOUTS}/{{id}}/decision");
    let word = r#"{"paid":true}"#;
    shop::looks_missing(&rival, Method::POST, &path, word, &payout).await;
    let path = path.replace("{id}", &payout);
    for somebody in [&vera, &vito] {
        let own = somebody.actor.send(Method::POST, &path, word).await;
        let _ = own.problem(403, "forbidden");
    }
    let nobody = market.host.anonymous();
    let _ = nobody.get(PAYOUTS).await.problem(401, "unauthenticated");
    assert_eq!(balance(&vera).await["pending"], 50);
}
