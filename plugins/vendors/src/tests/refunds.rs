//! Money that goes back to buyers in parts.

use serde_json::{Value, json};
use stoa_guest::prelude::*;
use stoa_guest::testing::Host;

use super::{ask, books_are_right, host, pay, payment};
use crate::dispatch_event;
use crate::ledger::{BALANCES, Balance, JOURNAL};

/// What was paid for one vendor's goods, of which so much has gone back.
fn back(vendor: &str, net_minor: i64, back_minor: i64) -> Value {
    let mut told = payment("p1", vendor, net_minor);
    told["lines"][0]["totalRefundedMinor"] = json!(back_minor);
    told
}

fn tell(host: &Host, name: &str, told: &Value) {
    let event = host.event(name).json(told);
    event.deliver(dispatch_event).unwrap();
}

fn tell_part(host: &Host, told: &Value) {
    tell(host, "payment.partially-refunded", told);
}

fn balance(vendor: &str) -> Balance {
    books_are_right();
    BALANCES.get(&format!("{vendor}:USD")).unwrap().unwrap()
}

/// What is left of the sales, of their fees, and what may be asked for.
fn left(vendor: &str) -> (i64, i64, i64) {
    let balance = balance(vendor);
    let net = balance.gross - balance.refunded;
    (net, balance.fees, balance.available)
}

#[test]
fn a_part_takes_its_part_of_the_fee_along_once() {
    let host = host();
    pay(&host, &payment("p1", "v1", 10_005));
    assert_eq!(left("v1"), (10_005, 1_001, 9_004));
    for (sum, expected) in [
        (3_000, (7_005, 701, 6_304)),
        (3_000, (7_005, 701, 6_304)),
        // Told late.
        (1_000, (7_005, 701, 6_304)),
        (10_000, (5, 1, 4)),
        // More than there was can't go back.
        (10_500, (0, 0, 0)),
    ] {
        tell_part(&host, &back("v1", 10_005, sum));
        assert_eq!(left("v1"), expected, "{sum}");
    }
    tell(&host, "payment.refunded", &back("v1", 10_005, 10_005));
    assert_eq!(left("v1"), (0, 0, 0));
}

/// Whatever it cost, whatever the fee, and however large the parts are: the fee that is kept is that of what is kept, to half a
/// minor unit, and in the end nothing is left.
#[test]
fn no_sequence_of_parts_drifts() {
    for percent in [0.0, 3.33, 10.0, 50.0, 100.0] {
        for net in [1, 2, 7, 1_999] {
            for step in [1, 13, net] {
                let host = host();
                host.set("fee_percent", percent);
                let told = format!("{step} of {net} at {percent} %");
                pay(&host, &payment("p1", "v1", net));
                let fee = balance("v1").fees;
                // As many parts as the checks can read the entries of.
                let first = (net - 40 * step).max(0);
                for sum in (first..net).step_by(usize::try_from(step).unwrap()) {
                    tell_part(&host, &back("v1", net, sum));
                    let (kept, fees, available) = left("v1");
                    assert_eq!(kept, net - sum, "{told}");
                    assert!(2 * (fees * net - fee * kept).abs() <= net, "{told}: {fees}");
                    assert_eq!(available, kept - fees, "{told}");
                }
                tell(&host, "payment.refunded", &back("v1", net, net));
                assert_eq!(left("v1"), (0, 0, 0), "{told}");
            }
        }
    }
}

/// Every order of what there is to tell, each thing told up to three times.
#[test]
fn in_every_order_the_end_is_the_same() {
    const SALE: usize = 0;
    let tell_one = |host: &Host, which: usize| match which {
        SALE => pay(host, &payment("p1", "v1", 1_999)),
        1 => tell_part(host, &back("v1", 1_999, 600)),
        2 => tell_part(host, &back("v1", 1_999, 1_999 - 600)),
        3 => tell(host, "order.cancelled", &payment("p1", "v1", 1_999)),
        _ => tell(host, "payment.refunded", &back("v1", 1_999, 1_999)),
    };
    for all in [
        vec![SALE, 1, 2],
        vec![SALE, 1, 2, 3],
        vec![SALE, 1, 2, 3, 4],
    ] {
        let ends = if all.len() == 3 {
            (600, 60, 540)
        } else {
            (0, 0, 0)
        };
        for order in permutations(&all) {
            let host = host();
            for (place, which) in order.iter().enumerate() {
                for _ in 0..=(place + which) % 3 {
                    tell_one(&host, *which);
                    books_are_right();
                }
            }
            for which in &order {
                tell_one(&host, *which);
            }
            assert_eq!(left("v1"), ends, "{order:?}");
            let entries = JOURNAL.query().limit(200).run().unwrap().items;
            let pieces = entries.iter().map(|entry| entry.value.pieces).sum::<u32>();
            let both = if all.len() == 3 { 1 } else { 2 };
            assert_eq!(
                pieces, both,
                "a piece is sold once, and comes back once at most"
            );
        }
    }
}

fn permutations(all: &[usize]) -> Vec<Vec<usize>> {
    if all.is_empty() {
        return vec![Vec::new()];
    }
    let begun_by = |first: &usize| {
        let rest: Vec<usize> = all.iter().copied().filter(|other| other != first).collect();
        let longer = permutations(&rest).into_iter();
        longer
            .map(|rest| [vec![*first], rest].concat())
            .collect::<Vec<_>>()
    };
    all.iter().flat_map(begun_by).collect()
}

/// Ledgers of before parts were known have no notes of what went back.
#[test]
fn what_was_taken_back_as_a_whole_is_not_taken_back_in_parts() {
    let host = host();
    pay(&host, &payment("p1", "v1", 1_000));
    tell(&host, "order.cancelled", &payment("p1", "v1", 1_000));
    let returns = Collection::<Value>::new("returns");
    returns.delete("p1:v1").unwrap();
    tell_part(&host, &back("v1", 1_000, 400));
    tell(&host, "payment.refunded", &back("v1", 1_000, 1_000));
    assert_eq!(left("v1"), (0, 0, 0));
}

#[test]
fn each_vendor_gives_back_its_own_part() {
    let host = host();
    let line = |vendor: &str, net: i64, back: i64| json!({ "vendorId": vendor, "quantity": 1, "netMinor": net, "totalRefundedMinor": back });
    let told = |first: i64, second: i64, third: i64, nobodys: i64| {
        json!({
            "paymentId": "p1", "orderId": "o1", "currency": "USD",
            "lines": [
                line("v1", 1_000, first), line("v2", 500, second), line("v1", 3_000, third), line("", 500, nobodys),
            ],
        })
    };
    pay(&host, &told(0, 0, 0, 0));
    tell_part(&host, &told(200, 100, 600, 100));
    assert_eq!(left("v1"), (3_200, 320, 2_880));
    assert_eq!(left("v2"), (400, 40, 360));
    let shown = ask(&host, "view_earnings", &json!({})).unwrap();
    assert_eq!(
        (&shown["balances"][0]["refunded"], &shown["total"]),
        (&json!(8), &json!(2))
    );
    let part = shown["entries"].as_array().unwrap();
    let part = part.iter().find(|entry| entry["kind"] == "refund").unwrap();
    assert_eq!(
        (&part["amount"], &part["reference"]),
        (&json!(-7.2), &json!("o1"))
    );
}

#[test]
fn what_is_paid_out_already_is_owed_when_it_goes_back() {
    let host = host();
    pay(&host, &payment("p1", "v1", 10_000));
    let _ = ask(&host, "request_payout", &json!({ "amount": 80 })).unwrap();
    tell_part(&host, &back("v1", 10_000, 5_000));
    assert_eq!(left("v1"), (5_000, 500, -3_500));
    let more = ask(&host, "request_payout", &json!({ "amount": 10 })).unwrap_err();
    assert_eq!(more.code, "insufficient-balance");
    // What is sold next pays it first.
    pay(&host, &payment("p2", "v1", 5_000));
    let _ = ask(&host, "request_payout", &json!({ "amount": 10 })).unwrap();
    assert_eq!(balance("v1").available, 0);
}

#[test]
fn a_part_brings_money_back_and_no_piece() {
    let host = host();
    pay(&host, &payment("p1", "v1", 1_000));
    let seen = || {
        let seen = ask(&host, "view_analytics", &json!({})).unwrap();
        (seen["sales"].clone(), seen["revenue"][0]["amount"].clone())
    };
    tell_part(&host, &back("v1", 1_000, 400));
    assert_eq!(seen(), (json!(1), json!(6)));
    // All of the vendor's is back before all of the payment is.
    tell_part(&host, &back("v1", 1_000, 1_000));
    assert_eq!(seen(), (json!(1), json!(0)));
    tell(&host, "payment.refunded", &back("v1", 1_000, 1_000));
    assert_eq!(seen(), (json!(0), json!(0)));
}
