//! Money that goes back.

use serde_json::json;

use super::bank::Mishap;
use super::*;
use crate::payment::Refund;

/// A shop whose order is paid by Stripe.
fn paid() -> Shop {
    let shop = Shop::new();
    shop.by_stripe();
    shop.bank.paid_at_stripe();
    let object = shop.bank.intent().intent();
    shop.stripe_says("evt_paid", "payment_intent.succeeded", &object)
        .unwrap();
    shop
}

#[test]
fn a_cancelled_order_that_was_paid_is_refunded_once() {
    let shop = paid();
    shop.cancel();
    shop.cancel();
    assert_eq!(payment(BY_STRIPE).refund, Some(Refund::Due));
    assert_eq!(shop.events("payment.task").len(), 1);
    shop.work().unwrap();
    assert_eq!(shop.bank.intent().refunds, 1);
    let object = charge(&shop.bank.intent(), 2_000);
    shop.stripe_says("evt_back", "charge.refunded", &object)
        .unwrap();
    assert_eq!(states(BY_STRIPE), are("refunded", "cancelled", "refunded"));
    shop.cancel();
    shop.work().unwrap();
    assert_eq!(shop.bank.intent().refunds, 1);
    assert_eq!(
        shop.told(),
        ["payment.success", "payment.completed", "payment.refunded"]
    );
    let fact = &shop.events("payment.refunded")[0];
    assert_eq!(
        (fact.key.as_str(), &fact.payload["amountMinor"]),
        ("o1", &json!(2000))
    );
    assert_eq!(fact.payload["lines"][0]["netMinor"], 1999);
    let sent = shop.host.sent();
    let refund = sent
        .iter()
        .find(|sent| !sent.purpose.is_empty() && sent.path == "/v1/refunds");
    assert_eq!(refund.unwrap().purpose, "refund-o1-stripe-1");
}

#[test]
fn money_given_back_by_hand_takes_the_order_with_it() {
    let shop = paid();
    let object = charge(&shop.bank.intent(), 2_000);
    shop.stripe_says("evt_back", "charge.refunded", &object)
        .unwrap();
    assert_eq!(states(BY_STRIPE), are("refunded", "refunded", "refunded"));
    // What was given back is not given back again when the order is called off as well.
    shop.cancel();
    shop.work().unwrap();
    assert_eq!(shop.bank.intent().refunds, 0);
}

#[test]
fn razorpay_gives_back_the_same_way() {
    let shop = Shop::new();
    shop.by_razorpay();
    shop.bank.at_razorpay("captured");
    let payload = json!({"payment": {"entity": shop.bank.order().charge_of_razorpay()}});
    shop.razorpay_says("e1", "payment.captured", &payload)
        .unwrap();
    shop.cancel();
    shop.work().unwrap();
    assert_eq!(shop.bank.order().refunds, 1);
    assert_eq!(
        states(BY_RAZORPAY),
        are("refunded", "cancelled", "refunded")
    );
}

#[test]
fn an_event_without_a_cancelled_order_moves_no_money() {
    let shop = paid();
    for order in ["o1", "nothing"] {
        let event = shop.host.event("order.cancelled").source("somebody");
        let payload = json!({"orderId": order, "wasPaid": true});
        event.json(&payload).deliver(crate::dispatch_event).unwrap();
    }
    let forged = shop.host.event("payment.task").source("somebody");
    let forged = forged.json(&json!({"paymentId": BY_STRIPE, "task": "refund"}));
    forged.deliver(crate::dispatch_event).unwrap();
    shop.work().unwrap();
    assert_eq!(shop.bank.intent().refunds, 0);
    assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
}

#[test]
fn a_refund_without_an_answer_is_found_out_about_and_never_made_twice() {
    for mishap in [Mishap::Lost, Mishap::Broken] {
        let shop = paid();
        shop.cancel();
        shop.bank.mishap(mishap);
        assert_eq!(shop.work().unwrap_err().status, 503);
        assert_eq!(payment(BY_STRIPE).refund, Some(Refund::Due));
        // The event comes again.
        shop.work().unwrap();
        assert_eq!(shop.bank.intent().refunds, 1);
        assert_eq!(states(BY_STRIPE).0, "refunded");
    }
}

#[test]
fn a_refund_is_tried_until_the_provider_takes_it() {
    let shop = paid();
    shop.cancel();
    for mishap in [Mishap::Down, Mishap::Busy, Mishap::Locked] {
        shop.bank.mishap(mishap);
        assert_eq!(shop.work().unwrap_err().status, 503);
    }
    shop.work().unwrap();
    assert_eq!(states(BY_STRIPE).0, "refunded");
}

#[test]
fn a_refund_that_was_given_up_is_asked_for_again() {
    let shop = paid();
    shop.cancel();
    // The provider is away for so long that the event becomes a dead letter.
    shop.delivered.set(shop.host.events().len());
    shop.turn_after(11);
    assert_eq!(states(BY_STRIPE), are("refunded", "cancelled", "refunded"));
    assert_eq!(shop.bank.intent().refunds, 1);
    shop.turn_after(24 * 60);
    assert_eq!(shop.bank.intent().refunds, 1);
}

#[test]
fn a_refund_that_takes_its_time_is_asked_after() {
    let shop = paid();
    shop.bank.with(|books| books.is_slow = true);
    shop.cancel();
    shop.work().unwrap();
    assert_eq!(payment(BY_STRIPE).refund, Some(Refund::Requested));
    assert_eq!(states(BY_STRIPE).0, "succeeded");
    shop.turn_after(11);
    assert_eq!(payment(BY_STRIPE).refund, Some(Refund::Requested));
    shop.bank.with(|books| books.is_slow = false);
    shop.turn_after(11);
    assert_eq!(states(BY_STRIPE), are("refunded", "cancelled", "refunded"));
    assert_eq!(shop.bank.intent().refunds, 1);
}

#[test]
fn a_refund_that_fails_is_left_to_somebody_who_looks() {
    let shop = paid();
    shop.bank.with(|books| books.has_no_money = true);
    shop.cancel();
    shop.work().unwrap();
    assert_eq!(payment(BY_STRIPE).refund, Some(Refund::Failed));
    assert!(
        shop.host
            .log()
            .iter()
            .any(|line| line.contains("insufficient_funds"))
    );
    // Given back by hand, it is known as such.
    let object = charge(&shop.bank.intent(), 2_000);
    shop.stripe_says("evt_back", "charge.refunded", &object)
        .unwrap();
    assert_eq!(states(BY_STRIPE).0, "refunded");
}

#[test]
fn a_failed_refund_by_hand_does_not_stop_the_one_that_is_due() {
    let shop = paid();
    shop.cancel();
    let object = json!({"payment_intent": "pi_1", "amount": 5, "status": "failed", "failure_reason": "lost_or_stolen_card"});
    shop.stripe_says("evt_failed", "refund.failed", &object)
        .unwrap();
    shop.work().unwrap();
    assert_eq!(states(BY_STRIPE).0, "refunded");
}

#[test]
fn part_of_the_money_back_leaves_the_order_paid() {
    let shop = paid();
    let object = charge(&shop.bank.intent(), 500);
    shop.stripe_says("evt_part", "charge.refunded", &object)
        .unwrap();
    assert_eq!(payment(BY_STRIPE).refunded_minor, 5_00);
    assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
    assert!(shop.events("payment.refunded").is_empty());
    assert_eq!(shop.events("payment.partially-refunded").len(), 1);
    for units in [-1, 2_001] {
        let object = charge(&shop.bank.intent(), units);
        let heard = shop
            .stripe_says(&format!("evt_{units}"), "charge.refunded", &object)
            .unwrap();
        assert_eq!(heard["outcome"], "suspicious");
    }
    assert_eq!(payment(BY_STRIPE).refunded_minor, 5_00);
    let confirmed = shop.confirm("anna", &json!({"paymentId": BY_STRIPE}));
    let seen = confirmed.unwrap().json();
    assert_eq!(
        (&seen["amount"], &seen["refundedAmount"]),
        (&json!(20), &json!(5))
    );
}

/// What an event says went back by it and in all, of the payment and of each line.
fn backs(fact: &Value) -> Vec<(i64, i64)> {
    let lines = fact["lines"].as_array().unwrap().iter();
    let back = |of: &Value| {
        let minor = |name: &str| of[name].as_i64().unwrap();
        (minor("refundedMinor"), minor("totalRefundedMinor"))
    };
    [fact].into_iter().chain(lines).map(back).collect()
}

#[test]
fn each_part_is_told_once_with_what_of_each_line_it_is() {
    let shop = paid();
    let says = |units: i64, event: &str| {
        let object = charge(&shop.bank.intent(), units);
        let heard = shop.stripe_says(event, "charge.refunded", &object);
        heard.unwrap()["outcome"].clone()
    };
    for (units, event, outcome) in [
        (500, "evt_1", "applied"),
        (500, "evt_1", "duplicate"),
        (500, "evt_2", "unchanged"),
        (1_500, "evt_3", "applied"),
        // Told late: the sum was smaller then.
        (1_000, "evt_4", "unchanged"),
        (2_000, "evt_5", "applied"),
        (1_500, "evt_6", "unchanged"),
    ] {
        assert_eq!(says(units, event), outcome, "{event}");
    }
    assert_eq!(
        shop.told(),
        [
            "payment.success",
            "payment.completed",
            "payment.partially-refunded",
            "payment.partially-refunded",
            "payment.refunded"
        ]
    );
    assert_eq!(fake_orders::parts(), [500, 1_500]);
    let mut told = shop.events("payment.partially-refunded");
    told.extend(shop.events("payment.refunded"));
    let told: Vec<_> = told.iter().map(|event| backs(&event.payload)).collect();
    assert_eq!(
        told,
        [
            [(500, 500), (500, 500), (0, 0)],
            [(1_000, 1_500), (999, 1_499), (1, 1)],
            [(500, 2_000), (500, 1_999), (0, 1)],
        ]
    );
}

/// A part goes back by hand, then the order is called off, then the rest goes back: each is told once.
#[test]
fn a_cancellation_between_two_parts_gives_back_the_rest() {
    let shop = paid();
    shop.bank.with(|books| books.stripe[0].refunded = 500);
    let object = charge(&shop.bank.intent(), 500);
    shop.stripe_says("evt_part", "charge.refunded", &object)
        .unwrap();
    shop.cancel();
    shop.work().unwrap();
    assert_eq!(states(BY_STRIPE), are("refunded", "cancelled", "refunded"));
    assert_eq!(shop.bank.intent().refunded, 2_000);
    let told = shop.events("payment.refunded");
    assert_eq!(told.len(), 1);
    assert_eq!(backs(&told[0].payload)[0], (1_500, 2_000));
    shop.stripe_says("evt_late", "charge.refunded", &object)
        .unwrap();
    assert_eq!(shop.events("payment.partially-refunded").len(), 1);
}

#[test]
fn of_money_that_the_order_refused_no_part_is_told() {
    let shop = Shop::new();
    shop.by_stripe();
    fake_orders::cancel("o1");
    let object = charge(&shop.bank.intent(), 500);
    shop.stripe_says("evt_part", "charge.refunded", &object)
        .unwrap();
    assert_eq!(payment(BY_STRIPE).refunded_minor, 5_00);
    assert_eq!(
        (shop.told(), fake_orders::parts()),
        (Vec::new(), Vec::new())
    );
}

#[test]
fn the_largest_order_fits_into_an_event_with_all_that_went_back() {
    let mut order = fake_orders::order("o1", "anna", 20_00, "USD");
    let mut line = order.lines[0].clone();
    line.product_id = "p".repeat(64);
    line.vendor_id = "v".repeat(64);
    line.name = "\u{1f9ed}".repeat(200);
    (line.unit_price_minor, line.net_minor) = (10_000_000_000, 10_000_000_000);
    order.lines = vec![line; 100];
    order.total_minor = 1_000_000_000_000;
    let shop = Shop::with(&[order]);
    shop.by_stripe();
    for units in [1, 999_999_999_999, 1_000_000_000_000] {
        let object = charge(&shop.bank.intent(), units);
        let heard = shop.stripe_says(&format!("evt_{units}"), "charge.refunded", &object);
        assert_eq!(heard.unwrap()["outcome"], "applied");
    }
    let fact = &shop.events("payment.refunded")[0].payload;
    assert_eq!(backs(fact)[100], (1, 10_000_000_000));
}

#[test]
fn money_for_an_order_that_was_cancelled_meanwhile_goes_back_by_itself() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.bank.paid_at_stripe();
    fake_orders::cancel("o1");
    let object = shop.bank.intent().intent();
    shop.stripe_says("evt_1", "payment_intent.succeeded", &object)
        .unwrap();
    assert_eq!(states(BY_STRIPE), are("succeeded", "cancelled", "pending"));
    shop.work().unwrap();
    assert_eq!(shop.bank.intent().refunds, 1);
    assert_eq!(states(BY_STRIPE), are("refunded", "cancelled", "pending"));
    assert!(shop.told().is_empty());
}

#[test]
fn an_unpaid_order_that_is_cancelled_can_t_be_paid_any_more() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.by_razorpay();
    shop.cancel();
    shop.work().unwrap();
    assert_eq!(shop.bank.intent().status, "canceled");
    assert_eq!(
        (states(BY_STRIPE).0, states(BY_RAZORPAY).0),
        ("canceled".into(), "canceled".into())
    );
    // Razorpay takes the money all the same; then it goes back.
    shop.bank.at_razorpay("captured");
    let payload = json!({"payment": {"entity": shop.bank.order().charge_of_razorpay()}});
    shop.razorpay_says("e1", "payment.captured", &payload)
        .unwrap();
    shop.work().unwrap();
    assert_eq!(shop.bank.order().refunds, 1);
    assert_eq!(states(BY_RAZORPAY), are("refunded", "cancelled", "pending"));
}

#[test]
fn a_payment_that_goes_through_while_its_order_is_cancelled_goes_back() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.bank.paid_at_stripe();
    shop.cancel();
    shop.work().unwrap();
    assert_eq!(shop.bank.intent().refunds, 1);
    assert_eq!(states(BY_STRIPE), are("refunded", "cancelled", "pending"));
}

#[test]
fn what_razorpay_never_fetched_and_sends_back_was_never_paid() {
    let shop = Shop::new();
    shop.by_razorpay();
    shop.bank.at_razorpay("authorized");
    let mut entity = shop.bank.order().charge_of_razorpay();
    entity["amount_refunded"] = json!(2_000);
    let payload = json!({"payment": {"entity": entity}, "refund": {"entity": {}}});
    let heard = shop
        .razorpay_says("e1", "refund.processed", &payload)
        .unwrap();
    assert_eq!(heard["outcome"], "ignored");
    assert_eq!(states(BY_RAZORPAY), are("created", "pending", "pending"));
}

#[test]
fn money_that_is_back_before_it_was_told_to_have_come_is_not_given_back_again() {
    let shop = Shop::new();
    shop.by_stripe();
    fake_orders::cancel("o1");
    let object = charge(&shop.bank.intent(), 2_000);
    let heard = shop.stripe_says("evt_back", "charge.refunded", &object);
    assert_eq!(heard.unwrap()["outcome"], "applied");
    shop.work().unwrap();
    assert_eq!(shop.bank.intent().refunds, 0);
    assert_eq!(states(BY_STRIPE), are("refunded", "cancelled", "pending"));
    assert!(shop.told().is_empty());
}
