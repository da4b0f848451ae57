//! Vendors' money: whatever happens at once, the ledger sums to zero, and each vendor's part of it adds up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::market::{Market, insist};
use super::{Place, at_once, count, on_both_stores};
use crate::shop;

/// Who sells.
const VENDORS: [&str; 3] = ["v1", "v2", "v3"];
/// Buyers at once.
const BUYERS: usize = 24;
/// Orders of each, the first of which is called off after it was paid. Part of the money of both goes back past the shop.
const ORDERS: usize = 2;
/// What goes back of each order that stands, in cents.
const PARTS: [i64; 2] = [500, 333];
/// Between two looks or attempts of those who only go on until the buyers are gone, to leave buyers their share.
const PACE: Duration = Duration::from_millis(20);
/// Requests of one vendor for a payout at once.
const PARALLEL: usize = 32;

on_both_stores!(
    the_ledger_sums_to_zero_at_every_read,
    a_vendor_is_promised_no_more_than_there_is,
);

/// Buyers pay, get part of their money back and call off, vendors ask for payouts and administrators decide, and somebody
/// looks all the time.
async fn the_ledger_sums_to_zero_at_every_read(place: Place) {
    let market = Market::open(place).await;
    for vendor in VENDORS {
        let (watch, agent) = (format!("watch-{vendor}"), format!("agent-{vendor}"));
        market.sell(&watch, vendor, 19.99, Some(1_000)).await;
        market.sell(&agent, vendor, 12.5, None).await;
    }
    let buying = Arc::new(AtomicUsize::new(BUYERS));
    let mut crowd = JoinSet::new();
    for number in 0..BUYERS {
        let (market, buying) = (Arc::clone(&market), Arc::clone(&buying));
        crowd.spawn(async move {
            let _leaves = Leaves(buying);
            buy(&market, number).await;
        });
    }
    for vendor in VENDORS {
        let (market, buying) = (Arc::clone(&market), Arc::clone(&buying));
        crowd.spawn(async move {
            while buying.load(Ordering::SeqCst) > 0 {
                market.ask_for(vendor, 15.0).await;
                tokio::time::sleep(PACE).await;
            }
        });
    }
    let (decider, left) = (Arc::clone(&market), Arc::clone(&buying));
    crowd.spawn(async move {
        while left.load(Ordering::SeqCst) > 0 {
            decide_all(&decider).await;
            tokio::time::sleep(PACE).await;
        }
    });
    let mut looks = 0;
    while buying.load(Ordering::SeqCst) > 0 {
        look(&market).await;
        looks += 1;
        tokio::time::sleep(PACE).await;
    }
    let _ = crowd.join_all().await;
    assert!(looks > 1, "nobody looked while money moved");

    let books = market.settled().await;
    books.assert_settled();
    assert_eq!(books.orders.len(), BUYERS * ORDERS);
    for vendor in VENDORS {
        books.assert_pieces(&format!("watch-{vendor}"), 1_000);
    }
    let of_kind = |kind: &str| {
        let entries = books.journal.values();
        entries.filter(|entry| entry["kind"] == kind).count()
    };
    // Two vendors of each order; and each of them gives back one or two parts, or all of it, perhaps a part of it before.
    assert_eq!(of_kind("sale"), 2 * BUYERS * ORDERS);
    let refunds = of_kind("refund");
    let is_part = |entry: &&Value| entry["kind"] == "refund" && entry["pieces"] == 0;
    assert!(
        books.journal.values().any(|entry| is_part(&entry)),
        "no part went back"
    );
    assert!((4 * BUYERS..=8 * BUYERS).contains(&refunds), "{refunds}");
    assert!(of_kind("payout") > 0, "no payout raced with anything");
    let back = |status: &str| {
        let orders = books.orders.values();
        let ended = orders.filter(|order| order["status"] == status);
        ended
            .map(|order| order["refundedMinor"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(back("cancelled"), [3_249; BUYERS]);
    assert_eq!(back("processing"), [PARTS.iter().sum::<i64>(); BUYERS]);
}

/// A buyer who has gone, also by failing: nobody waits for one who never comes back.
struct Leaves(Arc<AtomicUsize>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn buy(market: &Market, number: usize) {
    let buyer = format!("buyer-{number}");
    for round in 0..ORDERS {
        let vendor = |next: usize| VENDORS[(number + round + next) % VENDORS.len()];
        let (watch, agent) = (
            format!("watch-{}", vendor(0)),
            format!("agent-{}", vendor(1)),
        );
        let order = market.order_of(&buyer, &[&watch, &agent]).await;
        let order = order.expect("there is enough");
        let intent = market.pay(&buyer, &order).await;
        let is_called_off = round == 0;
        let parts = if is_called_off { &PARTS[..1] } else { &PARTS };
        for part in parts {
            let _ = market.bank.give_back(&intent, *part).unwrap();
        }
        // Of some the vendors hear before the order is called off, of others only later.
        let is_early = !is_called_off || number.is_multiple_of(2);
        if is_early {
            let newest_first = number.is_multiple_of(3);
            market.tell_refunds(usize::MAX, newest_first, &intent).await;
        }
        if is_called_off {
            let is_off = market.cancel(&market.host.user(&buyer), &order).await;
            assert!(is_off, "nothing of {order} was shipped");
        }
        if !is_early {
            market.tell_refunds(usize::MAX, false, &intent).await;
        }
    }
}

/// Pays every other payout that waits and rejects the rest, twice at once: only one decision counts.
async fn decide_all(market: &Market) {
    let admin = market.host.admin();
    let path = "/api/vendors/payouts?status=pending&limit=200";
    let waiting = insist(&admin, Method::GET, path, &Value::Null)
        .await
        .json_of(200);
    for (number, payout) in waiting["payouts"].as_array().unwrap().iter().enumerate() {
        let path = format!("/api/vendors/payouts/{}/decision", shop::id(payout));
        let decision = |paid: bool| json!({ "paid": paid });
        let (one, other) = (decision(number % 2 == 0), decision(number % 2 == 1));
        let (one, other) = tokio::join!(
            insist(&admin, Method::POST, &path, &one),
            insist(&admin, Method::POST, &path, &other)
        );
        let statuses = [one.status.as_u16(), other.status.as_u16()];
        assert!(matches!(statuses, [200, 409] | [409, 200]), "{statuses:?}");
    }
}

/// As an operator sees it, and as each vendor does.
async fn look(market: &Market) {
    market.books().await.assert_balanced();
    for vendor in VENDORS {
        let path = "/api/vendors/earnings?limit=1";
        let seen = insist(&market.host.vendor(vendor), Method::GET, path, &Value::Null).await;
        for balance in seen.json_of(200)["balances"].as_array().unwrap() {
            let minor = |member: &str| (balance[member].as_f64().unwrap() * 100.0).round();
            let (earned, held) = (minor("earned"), minor("available") + minor("pending"));
            assert_eq!(earned, held + minor("paidOut"), "{vendor}: {balance}");
            let kept = minor("gross") - minor("fees") - minor("refunded");
            assert_eq!(earned, kept, "{vendor}: {balance}");
        }
    }
}

/// Each request alone is within the balance; together they are not.
async fn a_vendor_is_promised_no_more_than_there_is(place: Place) {
    let market = Market::open(place).await;
    market.sell("agent", "v1", 100.0, None).await;
    let order = market.order("u1", "agent").await.unwrap();
    let _ = market.pay("u1", &order).await;
    let _ = market.settled().await;
    // 100.00 less the platform's 10 %: enough for four times 20.00.
    let promised = at_once(PARALLEL, |_| {
        let market = Arc::clone(&market);
        async move { market.ask_for("v1", 20.0).await }
    })
    .await;
    assert_eq!(count(&promised, &true), 4);
    let books = market.settled().await;
    books.assert_settled();
    assert_eq!(books.balances["v1:USD"]["available"], 1_000);
}
