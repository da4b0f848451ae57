//! Money that goes back: never more than came in, whoever gives it back and in whatever order that is told.

use std::sync::Arc;

use super::books::Books;
use super::market::Market;
use super::{Place, at_once, count, on_both_stores};

/// Events of the provider that one of those at once hears again.
const RETOLD: usize = 4;
/// Parts that somebody tries to give back at once.
const PARALLEL: usize = 32;
/// What each of them is, in cents.
const PART: i64 = 100;
/// What was paid, in cents.
const PAID: i64 = 1_999;

on_both_stores!(
    no_more_goes_back_than_came_in,
    parts_reach_every_vendor_while_they_are_paid_out,
);

/// Parts go back past the shop while the buyer calls the order off, which gives back the rest.
async fn no_more_goes_back_than_came_in(place: Place) {
    let market = Market::open(place).await;
    market.sell("watch", "v1", 19.99, Some(5)).await;
    let order = market.order("u1", "watch").await.unwrap();
    let intent = market.pay("u1", &order).await;
    let taken = at_once(PARALLEL, |number| {
        let (market, intent) = (Arc::clone(&market), intent.clone());
        let order = order.clone();
        async move {
            let is_taken = market.bank.give_back(&intent, PART).is_ok();
            if number == PARALLEL / 4 {
                let _ = market.cancel(&market.host.user("u1"), &order).await;
            }
            retell(&market, number).await;
            market.books().await.assert_balanced();
            is_taken
        }
    })
    .await;
    let _ = market.settled().await;
    retell(&market, 0).await;
    let books = market.settled().await;
    books.assert_settled();
    books.assert_pieces("watch", 5);
    assert!(count(&taken, &true) <= usize::try_from(PAID / PART).unwrap());
    let [payment] = books.payments.values().collect::<Vec<_>>()[..] else {
        panic!("there is one payment");
    };
    assert_eq!(payment["refundedMinor"], PAID);
    let charge = payment["charge"].as_str().unwrap();
    assert_eq!(market.bank.object(charge)["amount_refunded"], PAID);
    let seen = market.seen("u1", &order).await;
    assert_eq!(
        (&seen["status"], &seen["paymentStatus"]),
        (&"cancelled".into(), &"refunded".into())
    );
}

/// Some of what the provider has told until now arrives again, from either end.
async fn retell(market: &Market, number: usize) {
    let newest_first = number.is_multiple_of(2);
    market.tell_refunds(RETOLD, newest_first, "").await;
}

/// Three vendors' order stands while parts of its money go back, and the vendors ask for theirs. Then the rest goes back.
async fn parts_reach_every_vendor_while_they_are_paid_out(place: Place) {
    /// What the order costs, in cents.
    const TOTAL: i64 = 1_999 + 1_250 + 777;
    let back = i64::try_from(PARALLEL).unwrap() * PART;
    let market = Market::open(place).await;
    market.sell("watch", "v1", 19.99, Some(5)).await;
    market.sell("strap", "v2", 12.5, Some(5)).await;
    market.sell("agent", "v3", 7.77, None).await;
    let order = market.order_of("u1", &["watch", "strap", "agent"]).await;
    let order = order.unwrap();
    let intent = market.pay("u1", &order).await;
    let _ = market.settled().await;
    let promised = at_once(PARALLEL, |number| {
        let (market, intent) = (Arc::clone(&market), intent.clone());
        async move {
            let _ = market.bank.give_back(&intent, PART).unwrap();
            let vendor = ["v1", "v2"][number % 2];
            let is_promised = market.ask_for(vendor, 10.0).await;
            retell(&market, number).await;
            market.books().await.assert_balanced();
            is_promised
        }
    })
    .await;
    // There was enough for one payout of each, and there is less all the time.
    assert!(count(&promised, &true) <= 2);
    retell(&market, 0).await;
    let books = market.settled().await;
    books.assert_settled();
    assert_eq!(books.orders[&order]["refundedMinor"], back);
    let sum = |books: &Books, member: &str| {
        let balances = books.balances.values();
        balances
            .map(|balance| balance[member].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!(
        (sum(&books, "gross"), sum(&books, "refunded")),
        (TOTAL, back)
    );
    let seen = market.seen("u1", &order).await;
    assert_eq!(
        (
            &seen["status"],
            &seen["paymentStatus"],
            &seen["refundedAmount"]
        ),
        (&"processing".into(), &"paid".into(), &32.into())
    );

    let _ = market.bank.give_back(&intent, TOTAL - back).unwrap();
    for number in 0..2 {
        retell(&market, number).await;
    }
    let books = market.settled().await;
    books.assert_settled();
    books.assert_pieces("watch", 5);
    assert_eq!((sum(&books, "refunded"), sum(&books, "fees")), (TOTAL, 0));
    // Whoever was promised something owes it now.
    let promised = sum(&books, "pending") + sum(&books, "paid_out");
    assert_eq!(sum(&books, "available"), -promised);
    let seen = market.seen("u1", &order).await;
    assert_eq!(
        (&seen["status"], &seen["paymentStatus"]),
        (&"refunded".into(), &"refunded".into())
    );
}
