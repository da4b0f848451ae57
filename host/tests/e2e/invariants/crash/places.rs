//! The places of a sale at which the host dies, each with what the client and the provider then repeat.

use super::house::{House, died};
use super::rounds;
use super::sale::{Sale, Step};
use crate::events::until;

/// The steps during which events of a payment are sent, beside what the buyer does.
const LATER: [Step; 4] = [Step::Charge, Step::Hear, Step::Licence, Step::Notices];

/// The host dies there during one of these steps of a sale; the next one finishes it.
async fn dies_there(place: &str, during: &[Step]) {
    let house = House::open().await;
    let mut sold = Vec::new();
    for round in 0..rounds() {
        let mut sale = Sale::new(&house, format!("buyer-{round}"));
        let host = house.start_dying(place).await;
        let walked = sale.walk(&host, &Step::ALL).await;
        let _ = died(host).await;
        assert!(walked.is_err(), "{place} is not on the way of a sale");
        let at = sale.at.expect("it was begun");
        assert!(during.contains(&at), "{place} is passed in {at:?}");
        let host = house.start().await;
        sold.push(sale.finish(&host).await);
        host.kill();
        house.assert_whole(&sold).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_goods_are_reserved() {
    dies_there("before-guest:orders", &[Step::Order]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_goods_are_reserved() {
    dies_there("before-commit:orders", &[Step::Order]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_order_is_committed_and_before_it_is_answered() {
    dies_there("after-commit:orders", &[Step::Order]).await;
}

/// The intent is there, and the payment is not written down.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_provider_began_and_before_that_is_written_down() {
    dies_there("before-commit:payments:1", &[Step::Begin]).await;
}

/// The provider has charged the card and answered; its answer is not written down.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_provider_charged_and_before_that_is_written_down() {
    dies_there("before-commit:payments:2", &[Step::Charge]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_webhook() {
    dies_there("before-commit:payments:3", &[Step::Hear]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_payment_is_written_down_and_before_the_first_of_its_events_is_sent() {
    dies_there("before-delivery:downloads", &LATER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_an_event_of_the_ledger() {
    dies_there("before-handled:vendors", &LATER).await;
}

/// Killed from outside: the provider has charged, and never answers.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_has_charged_and_says_nothing() {
    let house = House::open().await;
    let mut sold = Vec::new();
    for round in 0..rounds() {
        let host = house.start().await;
        let mut sale = Sale::new(&house, format!("buyer-{round}"));
        let begun = sale.walk(&host, &[Step::Order, Step::Begin]).await;
        begun.expect("the host lives");
        house.bank.say_nothing_to_the_next();
        let intent = sale.intent();
        let charged = until("the provider charges", async || {
            (house.bank.charges(&intent) == 1).then_some(())
        });
        tokio::select! {
            done = sale.walk(&host, &[Step::Charge]) => panic!("nobody answered, and yet: {done:?}"),
            () = charged => {}
        }
        host.kill();
        let host = house.start().await;
        sold.push(sale.finish(&host).await);
        host.kill();
        house.assert_whole(&sold).await;
    }
}
