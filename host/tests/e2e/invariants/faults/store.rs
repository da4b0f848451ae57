//! The database refuses, or says nothing of what it has done or not.

use stoa_store::Mishap;

use super::each_call_fails_once;
use crate::invariants::Place;
use crate::invariants::market::Market;

/// Statements of a checkout that may write: its requests, its events and their marks.
const WRITES_MIN: u32 = 8;
/// Statements of a checkout if nothing is kept ready: those, and what they and the plugins look at before.
const STATEMENTS_MIN: u32 = 40;

async fn each_statement_fails_once(market: &Market, mishap: Mishap, at_least: u32) {
    let mishaps = market.host.store.mishaps();
    let arm = |nth| mishaps.arm(mishap, nth);
    each_call_fails_once(market, arm, || mishaps.disarm(), at_least).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_statement_leaves_nothing_half_done() {
    let market = Market::open(Place::Memory).await;
    each_statement_fails_once(&market, Mishap::Refused, WRITES_MIN).await;
}

/// Whatever is read comes from the database, so that each reading fails, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_reading_leaves_nothing_half_done() {
    let market = Market::open_uncached().await;
    each_statement_fails_once(&market, Mishap::Refused, STATEMENTS_MIN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_vanishes_in_silence_leaves_nothing_half_done() {
    let market = Market::open(Place::Memory).await;
    each_statement_fails_once(&market, Mishap::Vanished, WRITES_MIN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_made_in_silence_leaves_nothing_twice() {
    let market = Market::open(Place::Memory).await;
    each_statement_fails_once(&market, Mishap::Lost, WRITES_MIN).await;
}
