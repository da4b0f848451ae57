//! Every order in which events can come, with repetitions, ends in the same state.

use serde_json::json;

use super::*;
use crate::payment::Settled;

/// All orders of the numbers below this one.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        all = all
            .iter()
            .flat_map(|start: &Vec<usize>| {
                let rest = (0..count).filter(|next| !start.contains(next));
                rest.map(|next| [start.as_slice(), &[next]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    all
}

/// What must be the same whatever the order.
#[derive(Debug, PartialEq)]
struct End {
    states: (String, String, String),
    settled: Option<Settled>,
    refunded_minor: i64,
    charge: Option<String>,
    is_waiting: bool,
    successes: usize,
    completions: usize,
    refunds: usize,
    back: i64,
}

fn end(shop: &Shop, id: &str) -> End {
    let payment = payment(id);
    let count = |name: &str| shop.events(name).len();
    End {
        states: states(id),
        settled: payment.settled,
        refunded_minor: payment.refunded_minor,
        charge: payment.charge,
        is_waiting: payment.check_at.is_some(),
        successes: count("payment.success"),
        completions: count("payment.completed"),
        refunds: count("payment.refunded"),
        back: back(shop),
    }
}

/// The sum of what was told to have gone back, part by part.
fn back(shop: &Shop) -> i64 {
    let mut told = shop.events("payment.partially-refunded");
    told.extend(shop.events("payment.refunded"));
    let parts = told
        .iter()
        .map(|event| event.payload["refundedMinor"].as_i64());
    parts.map(Option::unwrap).sum()
}

/// Tells the events in an order, each one to three times, and some of it all again.
fn in_order(order: &[usize], mut tell: impl FnMut(usize, &str)) {
    for (position, &event) in order.iter().enumerate() {
        for _ in 0..=(position + event) % 3 {
            tell(event, &format!("evt_{event}"));
        }
    }
    for &event in order {
        tell(event, &format!("evt_{event}"));
        // The same news under another name, as by another endpoint.
        tell(event, &format!("evt_again_{event}"));
    }
}

#[test]
fn stripes_events_in_every_order() {
    let expected = End {
        states: are("refunded", "refunded", "refunded"),
        settled: Some(Settled::Paid),
        refunded_minor: 20_00,
        charge: Some("ch_pi_1".into()),
        is_waiting: false,
        successes: 1,
        completions: 1,
        refunds: 1,
        back: 20_00,
    };
    for order in permutations(5) {
        let shop = Shop::new();
        shop.by_stripe();
        let intent = shop.bank.intent();
        let events = [
            (
                "payment_intent.requires_action",
                seen(&intent, "requires_action"),
            ),
            (
                "payment_intent.payment_failed",
                seen(&intent, "requires_payment_method"),
            ),
            ("payment_intent.succeeded", seen(&intent, "succeeded")),
            ("charge.refunded", charge(&intent, 500)),
            ("charge.refunded", charge(&intent, 2_000)),
        ];
        in_order(&order, |event, id| {
            let (kind, object) = &events[event];
            shop.stripe_says(id, kind, object).unwrap();
        });
        assert_eq!(end(&shop, BY_STRIPE), expected, "{order:?}");
    }
}

#[test]
fn razorpays_events_in_every_order() {
    let expected = End {
        states: are("refunded", "refunded", "refunded"),
        settled: Some(Settled::Paid),
        refunded_minor: 20_00,
        charge: Some("pay_1".into()),
        is_waiting: false,
        successes: 1,
        completions: 1,
        refunds: 1,
        back: 20_00,
    };
    for order in permutations(5) {
        let shop = Shop::new();
        shop.by_razorpay();
        let account = |status: &str, refunded| {
            let account = Account {
                status: status.into(),
                refunded,
                charges: 1,
                ..shop.bank.order()
            };
            account.charge_of_razorpay()
        };
        let failed = json!({"id": "pay_0", "amount": 2000, "currency": "USD", "status": "failed", "order_id": "order_1"});
        let whole =
            json!({"id": "order_1", "amount": 2000, "currency": "USD", "receipt": BY_RAZORPAY});
        let events = [
            ("payment.failed", json!({"payment": {"entity": failed}})),
            (
                "payment.authorized",
                json!({"payment": {"entity": account("authorized", 0)}}),
            ),
            (
                "payment.captured",
                json!({"payment": {"entity": account("captured", 0)}}),
            ),
            (
                "order.paid",
                json!({"payment": {"entity": account("captured", 0)}, "order": {"entity": whole}}),
            ),
            (
                "refund.processed",
                json!({"payment": {"entity": account("refunded", 2_000)}, "refund": {"entity": {"status": "processed"}}}),
            ),
        ];
        in_order(&order, |event, id| {
            let (kind, payload) = &events[event];
            shop.razorpay_says(id, kind, payload).unwrap();
        });
        assert_eq!(end(&shop, BY_RAZORPAY), expected, "{order:?}");
    }
}

#[test]
fn without_a_refund_a_payment_that_succeeded_stays_so_in_every_order() {
    for order in permutations(5) {
        let shop = Shop::new();
        shop.by_stripe();
        let intent = shop.bank.intent();
        let mut wrong = seen(&intent, "succeeded");
        wrong["amount_received"] = json!(1);
        let events = [
            ("payment_intent.canceled", seen(&intent, "canceled")),
            (
                "payment_intent.payment_failed",
                seen(&intent, "requires_payment_method"),
            ),
            ("payment_intent.processing", seen(&intent, "processing")),
            ("payment_intent.succeeded", seen(&intent, "succeeded")),
            ("payment_intent.succeeded", wrong),
        ];
        in_order(&order, |event, id| {
            let (kind, object) = &events[event];
            shop.stripe_says(id, kind, object).unwrap();
        });
        let end = end(&shop, BY_STRIPE);
        assert_eq!(
            end.states,
            are("succeeded", "processing", "paid"),
            "{order:?}"
        );
        assert_eq!(
            (end.successes, end.completions, end.refunds, end.is_waiting),
            (1, 1, 0, false)
        );
    }
}

#[test]
fn of_two_payments_for_one_order_one_counts_and_the_other_goes_back_in_every_order() {
    for order in permutations(4) {
        let shop = Shop::new();
        shop.by_stripe();
        shop.by_razorpay();
        shop.bank.paid_at_stripe();
        shop.bank.at_razorpay("captured");
        let intent = shop.bank.intent();
        in_order(&order, |event, id| match event {
            0 => {
                drop(shop.stripe_says(id, "payment_intent.succeeded", &seen(&intent, "succeeded")))
            }
            1 => drop(shop.stripe_says(
                id,
                "payment_intent.processing",
                &seen(&intent, "processing"),
            )),
            2 => {
                let payload =
                    json!({"payment": {"entity": shop.bank.order().charge_of_razorpay()}});
                shop.razorpay_says(id, "payment.captured", &payload)
                    .unwrap();
            }
            _ => shop.work().unwrap(),
        });
        shop.work().unwrap();
        let both = [payment(BY_STRIPE), payment(BY_RAZORPAY)];
        let count = |settled| {
            both.iter()
                .filter(|one| one.settled == Some(settled))
                .count()
        };
        assert_eq!(
            (count(Settled::Paid), count(Settled::Refused)),
            (1, 1),
            "{order:?}"
        );
        assert_eq!(
            shop.bank.intent().refunds + shop.bank.order().refunds,
            1,
            "{order:?}"
        );
        let back = both
            .iter()
            .find(|one| one.settled == Some(Settled::Refused))
            .unwrap();
        assert_eq!(back.status.word(), "refunded");
        // Of money that never counted, nobody is told.
        assert_eq!(
            shop.told(),
            ["payment.success", "payment.completed"],
            "{order:?}"
        );
        assert_eq!(fake_orders::get("o1").unwrap().payment_status, "paid");
    }
}
