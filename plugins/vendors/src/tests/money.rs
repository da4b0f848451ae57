//! Earnings and payouts.

use serde_json::{Value, json};

use super::{ask, books_are_right, host, pay, payment};
use crate::sales::Share;
use crate::{dispatch, dispatch_event};

/// The only balance, as the vendor sees it.
fn balance(host: &stoa_guest::testing::Host) -> Value {
    books_are_right();
    ask(host, "view_earnings", &json!({})).unwrap()["balances"][0].clone()
}

#[test]
fn a_sale_earns_its_amount_less_the_fee_once() {
    let host = host();
    pay(&host, &payment("p1", "v1", 10_005));
    // The same payment under another event adds nothing.
    pay(&host, &payment("p1", "v1", 10_005));
    let seen = balance(&host);
    assert_eq!(
        (seen["gross"].clone(), seen["fees"].clone()),
        (json!(100.05), json!(10.01))
    );
    assert_eq!(
        (seen["earned"].clone(), seen["available"].clone()),
        (json!(90.04), json!(90.04))
    );
}

#[test]
fn fees_round_half_up_and_never_exceed_the_sale() {
    for (net, basis_points, fee) in [
        (10_005, 1_000, 1_001),
        (10_004, 1_000, 1_000),
        (1, 5_000, 1),
        (1, 10_000, 1),
        (0, 1_000, 0),
        (1_000_000_000_000, 1, 100_000_000),
    ] {
        assert_eq!(
            Share::of(net, basis_points).fee_minor,
            fee,
            "{net} at {basis_points}"
        );
    }
}

#[test]
fn each_vendor_of_an_order_is_credited_for_its_own_lines() {
    let host = host();
    let told = json!({
        "paymentId": "p1", "orderId": "o1", "currency": "USD",
        "lines": [
            { "vendorId": "v1", "quantity": 2, "netMinor": 1_000 },
            { "vendorId": "v2", "quantity": 1, "netMinor": 500 },
            { "vendorId": "v1", "quantity": 1, "netMinor": 3_000 },
            { "vendorId": "", "quantity": 1, "netMinor": 9_999 },
        ],
    });
    pay(&host, &told);
    assert_eq!(balance(&host)["gross"], 40);
    let sold = ask(&host, "view_analytics", &json!({})).unwrap();
    assert_eq!(
        (sold["sales"].clone(), sold["revenue"][0]["amount"].clone()),
        (json!(3), json!(40))
    );
}

#[test]
fn what_goes_back_to_buyers_is_taken_back_once_also_when_it_is_gone_already() {
    let host = host();
    pay(&host, &payment("p1", "v1", 10_000));
    let paid = ask(&host, "request_payout", &json!({ "amount": 90 })).unwrap();
    assert_eq!(paid["status"], "pending");
    for name in ["order.cancelled", "payment.refunded", "payment.refunded"] {
        let event = host.event(name).json(&payment("p1", "v1", 10_000));
        event.deliver(dispatch_event).unwrap();
    }
    let seen = balance(&host);
    assert_eq!(
        (seen["refunded"].clone(), seen["available"].clone()),
        (json!(100), json!(-90))
    );
    let more = ask(&host, "request_payout", &json!({ "amount": 10 })).unwrap_err();
    assert_eq!(more.code, "insufficient-balance");
    // What was never credited is not taken back; an order that nobody paid earned nothing.
    for told in [
        payment("p9", "v1", 500),
        json!({ "orderId": "o", "currency": "USD" }),
    ] {
        let event = host.event("order.cancelled").json(&told);
        event.deliver(dispatch_event).unwrap();
    }
    assert_eq!(balance(&host)["refunded"], 100);
}

#[test]
fn a_payout_never_exceeds_what_is_available() {
    let host = host();
    let nothing = ask(&host, "request_payout", &json!({ "amount": 10 })).unwrap_err();
    assert_eq!(nothing.code, "insufficient-balance");
    pay(&host, &payment("p1", "v1", 10_000));
    for (body, code) in [
        (json!({ "amount": 90.01 }), "insufficient-balance"),
        (json!({ "amount": 9.99 }), "unprocessable"),
        (json!({ "amount": 0 }), "unprocessable"),
        (json!({ "amount": -50 }), "invalid-request"),
        (json!({ "amount": 50.001 }), "invalid-request"),
        (
            json!({ "amount": 50, "currency": "EUR" }),
            "insufficient-balance",
        ),
    ] {
        let refused = ask(&host, "request_payout", &body).unwrap_err();
        assert_eq!(refused.code, code, "{body}");
    }
    for left in [50, 10] {
        let _ = ask(&host, "request_payout", &json!({ "amount": 40 })).unwrap();
        assert_eq!(balance(&host)["available"], left);
    }
    let over = ask(&host, "request_payout", &json!({ "amount": 40 })).unwrap_err();
    assert_eq!(over.code, "insufficient-balance");
    assert_eq!(balance(&host)["pending"], 80);
}

#[test]
fn an_administrator_decides_once() {
    let host = host();
    pay(&host, &payment("p1", "v1", 10_000));
    let ask_for = |amount: u32| {
        let made = ask(&host, "request_payout", &json!({ "amount": amount })).unwrap();
        made["id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (ask_for(30), ask_for(20));
    let decide = |id: &str, paid: bool| {
        let request = host.request("decide_payout").account("a", "admin");
        let body = json!({ "paid": paid, "note": "T-1" });
        request.param("id", id).json(&body).send(dispatch)
    };
    assert_eq!(decide(&first, true).unwrap().json()["status"], "paid");
    assert_eq!(
        decide(&first, true).unwrap().json()["status"],
        "paid",
        "again is the same"
    );
    assert_eq!(decide(&first, false).unwrap_err().code, "invalid-status");
    assert_eq!(decide(&second, false).unwrap().json()["status"], "rejected");
    assert_eq!(decide("nothing", true).unwrap_err().code, "not-found");
    let seen = balance(&host);
    assert_eq!(
        (seen["paidOut"].clone(), seen["pending"].clone()),
        (json!(30), json!(0))
    );
    assert_eq!(seen["available"], 60);
    let names: Vec<String> = host.events().into_iter().map(|event| event.name).collect();
    assert_eq!(
        names,
        [
            "payout.requested",
            "payout.requested",
            "payout.paid",
            "payout.rejected"
        ]
    );
}

#[test]
fn what_has_gone_back_to_buyers_is_not_paid_out() {
    let host = host();
    pay(&host, &payment("p1", "v1", 10_000));
    let made = ask(&host, "request_payout", &json!({ "amount": 90 })).unwrap();
    let refunded = host.event("payment.refunded");
    let refunded = refunded.json(&payment("p1", "v1", 10_000));
    refunded.deliver(dispatch_event).unwrap();
    assert_eq!(balance(&host)["available"], -90);
    let decide = |paid: bool| {
        let request = host.request("decide_payout").account("a", "admin");
        let request = request.param("id", made["id"].as_str().unwrap());
        request.json(&json!({ "paid": paid })).send(dispatch)
    };
    assert_eq!(decide(true).unwrap_err().code, "insufficient-balance");
    assert_eq!(decide(false).unwrap().json()["status"], "rejected");
    let seen = balance(&host);
    assert_eq!(
        (&seen["available"], &seen["pending"]),
        (&json!(0), &json!(0))
    );
}

#[test]
fn vendors_see_their_own_payouts_and_administrators_all() {
    let host = host();
    pay(&host, &payment("p1", "v1", 10_000));
    pay(&host, &payment("p2", "v2", 10_000));
    for vendor in ["v1", "v2"] {
        let request = host.request("request_payout").account(vendor, "vendor");
        let _ = request
            .json(&json!({ "amount": 10 }))
            .send(dispatch)
            .unwrap();
        host.advance(1);
    }
    let seen = |id: &str, role: &str, query: &str| {
        let request = host.request("list_payouts").account(id, role).query(query);
        let page = request.send(dispatch).unwrap().json();
        let payouts = page["payouts"].as_array().unwrap().clone();
        payouts
            .into_iter()
            .map(|payout| payout["vendorId"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(seen("v1", "vendor", ""), ["v1"]);
    assert_eq!(seen("a", "admin", ""), ["v2", "v1"]);
    assert_eq!(seen("a", "admin", "limit=1&page=2"), ["v1"]);
    assert_eq!(seen("a", "admin", "status=paid"), Vec::<Value>::new());
}

#[test]
fn analytics_show_the_days_of_the_period() {
    let host = host();
    pay(&host, &payment("p1", "v1", 1_000));
    host.advance(40 * 86_400_000);
    pay(&host, &payment("p2", "v1", 2_000));
    pay(&host, &payment("p3", "v1", 500));
    let event = host
        .event("payment.refunded")
        .json(&payment("p3", "v1", 500));
    event.deliver(dispatch_event).unwrap();
    let ask = |query: &str| {
        let request = host.request("view_analytics").account("v1", "vendor");
        request.query(query).send(dispatch)
    };
    let month = ask("").unwrap().json();
    assert_eq!(
        month["days"],
        json!([
            { "date": "2026-02-10", "currency": "USD", "revenue": 20, "sales": 1 },
        ])
    );
    assert_eq!(ask("days=41").unwrap().json()["sales"], 2);
    for days in ["0", "367"] {
        assert_eq!(ask(&format!("days={days}")).unwrap_err().status, 400);
    }
}

#[test]
fn a_fee_that_makes_no_sense_credits_nobody() {
    let host = host();
    for percent in [-1.0, 100.5, 0.001] {
        host.set("fee_percent", percent);
        let event = host
            .event("payment.success")
            .json(&payment("p1", "v1", 100));
        assert_eq!(
            event.deliver(dispatch_event).unwrap_err().status,
            500,
            "{percent}"
        );
    }
}
