//! The payment service is away, or acts and does not say so.

use super::each_call_fails_once;
use crate::invariants::Place;
use crate::invariants::market::Market;
use crate::payments::bank::Mishap;

/// Requests of a checkout to the provider: it begins a payment, looks at it, confirms it.
const REQUESTS_MIN: u32 = 3;

async fn each_request_fails_once(mishap: Mishap) {
    let market = Market::open(Place::Memory).await;
    let arm = |nth| market.bank.fail(nth, mishap);
    let disarm = || market.bank.calm_down();
    each_call_fails_once(&market, arm, disarm, REQUESTS_MIN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_charges_once_when_it_is_back() {
    each_request_fails_once(Mishap::Down).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_too_busy_charges_once_when_it_has_time() {
    each_request_fails_once(Mishap::Busy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_acts_and_then_fails_charges_once() {
    each_request_fails_once(Mishap::Broken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_acts_and_hangs_up_charges_once() {
    each_request_fails_once(Mishap::Lost).await;
}
