//! Asking after payments.

use serde_json::json;

use super::*;
use crate::payment::{ABANDONED_MS, Status};

/// Questions to providers so far.
fn questions(shop: &Shop) -> usize {
    let sent = shop.host.sent().into_iter();
    sent.filter(|sent| sent.purpose.is_empty()).count()
}

#[test]
fn an_event_that_never_came_is_made_up_for() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.bank.paid_at_stripe();
    shop.turn_after(9);
    assert_eq!(
        (states(BY_STRIPE).0.as_str(), questions(&shop)),
        ("created", 0)
    );
    shop.turn_after(2);
    assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
    // Once settled, nobody is asked any more; the late event changes nothing.
    shop.turn_after(1_000);
    assert_eq!(questions(&shop), 1);
    let object = shop.bank.intent().intent();
    let heard = shop
        .stripe_says("evt_1", "payment_intent.succeeded", &object)
        .unwrap();
    assert_eq!(heard["outcome"], "unchanged");
    assert_eq!(shop.told(), ["payment.success", "payment.completed"]);
}

#[test]
fn razorpay_is_asked_for_the_furthest_of_its_charges() {
    let shop = Shop::new();
    shop.by_razorpay();
    shop.turn_after(11);
    assert_eq!(states(BY_RAZORPAY).0, "created");
    shop.bank.at_razorpay("authorized");
    shop.turn_after(30);
    assert_eq!(states(BY_RAZORPAY), are("succeeded", "processing", "paid"));
    assert_eq!(shop.bank.order().charges, 1);
}

#[test]
fn a_payment_that_nobody_finishes_is_asked_after_ever_more_rarely_and_given_up() {
    let shop = Shop::new();
    shop.by_stripe();
    let two_minutes = 2;
    for _ in 0..(24 * 60 / two_minutes) {
        shop.turn_after(two_minutes);
    }
    assert!(
        (5..30).contains(&questions(&shop)),
        "{} questions",
        questions(&shop)
    );
    shop.turn_after(ABANDONED_MS / MINUTE_MS);
    assert_eq!(payment(BY_STRIPE).status, Status::Canceled);
    assert_eq!(shop.bank.intent().status, "canceled");
    assert_eq!(payment(BY_STRIPE).check_at, None);
    assert!(shop.told().is_empty());
}

#[test]
fn a_provider_that_does_not_answer_is_asked_again_later() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.bank.paid_at_stripe();
    let bank = shop.bank.clone();
    shop.host
        .elsewhere(|_| Err(stoa_guest::testing::OutboundError::Unknown("…".into())));
    shop.turn_after(11);
    assert_eq!(states(BY_STRIPE).0, "created");
    let opened = super::bank::Bank::open(&shop.host);
    opened.with(|books| books.stripe = bank.with(|known| known.stripe.clone()));
    shop.turn_after(60);
    assert_eq!(states(BY_STRIPE).0, "succeeded");
}

#[test]
fn a_turn_asks_after_a_bounded_number() {
    let orders: Vec<Order> = (0..60)
        .map(|i| fake_orders::order(&format!("o{i}"), "anna", 1_00, "USD"))
        .collect();
    let shop = Shop::with(&orders);
    for order in &orders {
        shop.pay("anna", &order.id, &json!({})).unwrap();
    }
    shop.turn_after(11);
    assert_eq!(questions(&shop), 50);
    shop.host.turn("reconcile", crate::dispatch_turn).unwrap();
    shop.work().unwrap();
    assert_eq!(questions(&shop), 60);
}

#[test]
fn how_long_to_wait_is_the_operators_to_say_within_reason() {
    for (minutes, waits_until) in [(json!(30), 30), (json!(0), 1), (json!(100_000), 1_440)] {
        let shop = Shop::new();
        shop.host.set("reconcile_after_minutes", minutes);
        shop.by_stripe();
        let wait = payment(BY_STRIPE).check_at.unwrap() - stoa_guest::clock::now_ms();
        assert_eq!(wait, waits_until * MINUTE_MS);
    }
}
