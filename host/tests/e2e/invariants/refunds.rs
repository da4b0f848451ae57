//! Money that goes back: never more than came in, whoever gives it back and in whatever order that is told.

use std::sync::Arc;

use super::market::Market;
use super::{Place, at_once, count, on_both_stores};

/// Parts that somebody tries to give back at once.
const PARALLEL: usize = 32;
/// What each of them is, in cents.
const PART: i64 = 100;
/// What was paid, in cents.
const PAID: i64 = 1_999;

on_both_stores!(no_more_goes_back_than_came_in);

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
            tell_all(&market, number).await;
            look(&market).await;
            is_taken
        }
    })
    .await;
    let _ = market.settled().await;
    tell_all(&market, 1).await;
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

/// Everything that the provider has told until now arrives, from either end.
async fn tell_all(market: &Market, number: usize) {
    let mut told = market.bank.told();
    told.retain(|event| event.kind == "charge.refunded");
    if number.is_multiple_of(2) {
        told.reverse();
    }
    for event in told.iter().take(4) {
        let signature = market.bank.seal(&market.host, event);
        let _ = market.heard(&signature, event.body.clone()).await;
    }
}

async fn look(market: &Market) {
    market.books().await.assert_balanced();
}
