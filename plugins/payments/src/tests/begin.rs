//! Beginning a payment.

use serde_json::json;

use super::bank::Mishap;
use super::*;
use crate::payment::Status;

#[test]
fn a_payment_is_begun_for_the_orders_amount_and_shown_to_its_buyer() {
    let shop = Shop::new();
    let answer = shop.pay("anna", "o1", &json!({})).unwrap();
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.json(),
        json!({
            "paymentId": BY_STRIPE, "orderId": "o1", "orderNumber": "ORD-o1", "provider": "stripe",
            "status": "created", "amount": 20, "refundedAmount": 0, "currency": "USD", "amountMinor": 2000,
            "paymentIntentId": "pi_1", "clientSecret": "pi_1_secret_1", "publishableKey": "pk_1",
        })
    );
    let intent = shop.bank.intent();
    assert_eq!((intent.amount, intent.currency.as_str()), (2_000, "usd"));
    assert_eq!(
        (intent.order_id.as_str(), intent.payment_id.as_str()),
        ("o1", BY_STRIPE)
    );
    let sent = &shop.host.sent()[0];
    assert_eq!(
        (sent.service.as_str(), sent.purpose.as_str()),
        ("stripe", "create-o1-stripe-1")
    );
    let kept = serde_json::to_string(&payment(BY_STRIPE)).unwrap();
    assert!(
        !kept.contains("secret"),
        "the client secret is kept: {kept}"
    );
    assert!(shop.told().is_empty());
}

#[test]
fn razorpays_page_gets_its_order_and_key() {
    let shop = Shop::new();
    let body = json!({"orderId": "o1", "provider": "razorpay"});
    let request = shop.host.request("create_intent").user("anna").json(&body);
    let view = request.send(crate::dispatch).unwrap().json();
    assert_eq!(
        view,
        json!({
            "paymentId": BY_RAZORPAY, "orderId": "o1", "orderNumber": "ORD-o1", "provider": "razorpay",
            "status": "created", "amount": 20, "refundedAmount": 0, "currency": "USD", "amountMinor": 2000,
            "razorpayOrderId": "order_1", "razorpayKeyId": "rzp_1",
        })
    );
    assert_eq!(shop.bank.order().payment_id, BY_RAZORPAY);
}

#[test]
fn the_order_says_who_charges_unless_the_request_does() {
    for (named, ordered, usual, charges) in [
        (Some("stripe"), Some("razorpay"), "razorpay", BY_STRIPE),
        (None, Some("razorpay"), "stripe", BY_RAZORPAY),
        (None, Some("stripe"), "razorpay", BY_STRIPE),
        (None, None, "razorpay", BY_RAZORPAY),
        (None, Some("barter"), "stripe", BY_STRIPE),
    ] {
        let shop = Shop::new();
        shop.host.set("default_provider", usual);
        if let Some(method) = ordered {
            fake_orders::choose("o1", method);
        }
        let view = shop.pay("anna", "o1", &json!({"provider": named}));
        let case = format!("{named:?} {ordered:?} {usual}");
        assert_eq!(view.unwrap().json()["paymentId"], charges, "{case}");
        let body = json!({"orderId": "ORD-o1", "provider": named});
        let again = shop.host.request("create_intent").user("anna").json(&body);
        let again = again.send(crate::dispatch).unwrap();
        assert_eq!(
            (again.status, &again.json()["paymentId"]),
            (200, &json!(charges)),
            "{case}"
        );
    }
}

#[test]
fn buyers_are_sent_elsewhere_only_if_they_can_come_back() {
    for (back, redirects) in [
        (None, "never"),
        (Some("https://shop.example/back"), "always"),
    ] {
        let shop = Shop::new();
        if let Some(back) = back {
            shop.host.set("return_url", back);
        }
        shop.by_stripe();
        let form = last_form(&shop);
        let field = format!("automatic_payment_methods%5Ballow_redirects%5D={redirects}");
        assert!(form.contains(&field), "{form}");
    }
}

#[test]
fn asking_again_goes_on_with_the_same_payment() {
    let shop = Shop::new();
    let first = shop.by_stripe();
    let again = shop
        .pay("anna", "o1", &json!({"paymentMethod": "stripe"}))
        .unwrap();
    assert_eq!((again.status, again.json()), (200, first));
    assert_eq!(shop.bank.with(|books| books.stripe.len()), 1);
    // Also by the order's number.
    let by_number = shop.pay("anna", "ORD-o1", &json!({})).unwrap();
    assert_eq!(by_number.json()["paymentId"], BY_STRIPE);
    let first = shop.by_razorpay();
    assert_eq!(shop.by_razorpay(), first);
    assert_eq!(shop.bank.with(|books| books.razorpay.len()), 1);
}

#[test]
fn somebody_elses_order_is_none_and_an_empty_body_is_a_choice() {
    let shop = Shop::new();
    let theirs = shop.pay("anna", "o2", &json!({})).unwrap_err();
    assert_eq!(theirs, shop.pay("anna", "nothing", &json!({})).unwrap_err());
    assert_eq!((theirs.status, theirs.code.as_str()), (404, "not-found"));
    let anybody = shop.host.request("pay_order").param("id", "o1");
    assert_eq!(
        refused(anybody.send(crate::dispatch)),
        refusal(401, "unauthenticated")
    );
    assert!(shop.host.sent().is_empty());
    let empty = shop
        .host
        .request("pay_order")
        .user("anna")
        .param("id", "o1");
    assert_eq!(empty.send(crate::dispatch).unwrap().status, 201);
}

#[test]
fn what_is_not_to_be_paid_is_not_begun() {
    let open = || fake_orders::order("o1", "anna", 20_00, "USD");
    for (order, code) in [
        (
            Order {
                payment_status: "paid".into(),
                ..open()
            },
            "already-paid",
        ),
        (
            Order {
                payment_status: "refunded".into(),
                ..open()
            },
            "already-paid",
        ),
        (
            Order {
                status: "cancelled".into(),
                ..open()
            },
            "order-closed",
        ),
        (
            Order {
                status: "refunded".into(),
                ..open()
            },
            "order-closed",
        ),
        (
            Order {
                total_minor: 0,
                ..open()
            },
            "nothing-to-pay",
        ),
    ] {
        let shop = Shop::with(&[order]);
        assert_eq!(
            refused(shop.pay("anna", "o1", &json!({}))),
            refusal(409, code)
        );
        assert!(shop.host.sent().is_empty(), "{code}");
    }
    let shop = Shop::with(&[fake_orders::order("o1", "anna", 12_345, "KWD")]);
    assert_eq!(
        refused(shop.pay("anna", "o1", &json!({}))),
        refusal(422, "unprocessable")
    );
    let wrong = shop.pay("anna", "o1", &json!({"provider": "bitcoin"}));
    assert_eq!(refused(wrong), refusal(400, "invalid-request"));
    shop.host.set("default_provider", "bitcoin");
    assert_eq!(
        refused(shop.pay("anna", "o1", &json!({}))),
        refusal(500, "internal")
    );
}

#[test]
fn a_provider_that_did_nothing_leaves_nothing_behind() {
    for (mishap, code) in [
        (Mishap::Down, "service-unavailable"),
        (Mishap::Busy, "service-unavailable"),
        (Mishap::Locked, "not-configured"),
    ] {
        let shop = Shop::new();
        shop.bank.mishap(mishap);
        assert_eq!(
            refused(shop.pay("anna", "o1", &json!({}))),
            refusal(503, code)
        );
        assert!(PAYMENTS.get(BY_STRIPE).unwrap().is_none());
        assert_eq!(shop.by_stripe()["paymentIntentId"], "pi_1");
    }
}

#[test]
fn a_beginning_without_an_answer_is_found_out_about_and_gone_on_with() {
    for (provider, mishap) in [
        ("stripe", Mishap::Lost),
        ("stripe", Mishap::Broken),
        ("razorpay", Mishap::Lost),
    ] {
        let shop = Shop::new();
        let pay = || {
            shop.pay("anna", "o1", &json!({"provider": provider}))
                .unwrap()
        };
        shop.bank.mishap(mishap);
        let unknown = pay();
        assert_eq!(
            (unknown.status, &unknown.json()["status"]),
            (202, &json!("processing"))
        );
        // Until it is known, nothing is tried again.
        assert_eq!(pay().status, 202);
        shop.turn_after(2);
        let found = pay();
        let view = found.json();
        assert_eq!(
            view["paymentIntentId"]
                .as_str()
                .or(view["razorpayOrderId"].as_str()),
            Some(if provider == "stripe" {
                "pi_1"
            } else {
                "order_1"
            })
        );
        assert_eq!(
            shop.bank
                .with(|books| books.stripe.len() + books.razorpay.len()),
            1
        );
    }
}

#[test]
fn a_beginning_that_never_arrived_gives_way_to_another() {
    let shop = Shop::new();
    shop.bank.mishap(Mishap::Lost);
    shop.by_stripe();
    shop.bank.with(|books| books.stripe.clear());
    shop.turn_after(2);
    assert_eq!(payment(BY_STRIPE).status, Status::Canceled);
    assert_eq!(shop.by_stripe()["paymentId"], "o1-stripe-2");
}

#[test]
fn a_payment_that_was_ended_at_the_provider_gives_way_to_another() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.bank
        .with(|books| books.stripe[0].status = "canceled".into());
    assert_eq!(shop.by_stripe()["paymentId"], "o1-stripe-2");
    assert_eq!(payment(BY_STRIPE).status, Status::Canceled);
}

#[test]
fn nobody_begins_for_ever() {
    let shop = Shop::new();
    for _ in 0..crate::payment::ATTEMPTS_MAX {
        shop.by_stripe();
        shop.bank.with(|books| {
            for intent in &mut books.stripe {
                intent.status = "canceled".into();
            }
        });
    }
    assert_eq!(
        refused(shop.pay("anna", "o1", &json!({}))),
        refusal(409, "too-many-attempts")
    );
}

#[test]
fn a_payment_that_went_through_meanwhile_is_told_so() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.bank.paid_at_stripe();
    assert_eq!(
        refused(shop.pay("anna", "o1", &json!({}))),
        refusal(409, "already-paid")
    );
}
