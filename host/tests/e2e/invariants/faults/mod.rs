//! Whatever a checkout rests on lets it down once: the first time that it is asked, then the second, and so on, until a
//! whole checkout runs without meeting the fault. After each of them the books are whole.

mod checkout;
mod provider;
mod redis;
mod store;

use super::market::Market;
use checkout::{AGENT, Checkout, WATCH};

/// The most calls of one kind that a checkout can be made of: one that meets a fault beyond them goes round in circles.
const CALLS_MAX: u32 = 500;

/// Lets each call of a checkout fail once, and shows after each that nothing is missing and nothing is there twice. So
/// many calls fail at least. `arm` has the `nth` call from now on go wrong; `disarm` has nothing go wrong any more, and tells whether
/// it had.
async fn each_call_fails_once(
    market: &Market,
    arm: impl Fn(u32),
    disarm: impl Fn() -> bool,
    at_least: u32,
) {
    market.sell(WATCH.0, VENDOR, WATCH.1, Some(PIECES)).await;
    market.sell(AGENT.0, VENDOR, AGENT.1, None).await;
    let mut sold = Vec::new();
    for nth in 1..=CALLS_MAX {
        arm(nth);
        let checkout = Checkout::new(market, format!("buyer-{nth}"));
        sold.push(checkout.walk().await);
        let is_met = disarm();
        assert_whole(market, &sold, false).await;
        if !is_met {
            let met = nth - 1;
            println!("a checkout met {met} faults");
            assert!(met >= at_least, "they are only {met}");
            return assert_whole(market, &sold, true).await;
        }
    }
    panic!("a checkout meets faults without end");
}

/// Who gets the money.
const VENDOR: &str = "v1";
/// Counted goods: more than are sold.
const PIECES: u32 = 1_000;

/// One order, one payment, one licence and one entry in the ledger of each, and the pieces that are left.
async fn assert_whole(market: &Market, sold: &[(String, String)], is_over: bool) {
    let books = match is_over {
        true => market.settled().await,
        false => market.books().await,
    };
    books.assert_settled();
    books.assert_paid(sold, &market.bank);
    books.assert_pieces(WATCH.0, PIECES.into());
    assert_eq!(books.sold(WATCH.0), sold.len() as u64);
    assert_eq!(books.licences.len(), sold.len());
}
