//! Confirming a payment.

use serde_json::json;

use super::bank::Mishap;
use super::*;
use crate::payment::Status;
use crate::view::PaymentView;

fn card(method: &str) -> Value {
    json!({"paymentId": BY_STRIPE, "paymentMethodId": method})
}

#[test]
fn a_card_pays_the_order_once() {
    let shop = Shop::new();
    shop.by_stripe();
    for _ in 0..3 {
        let view = shop.confirm("anna", &card("pm_ok")).unwrap();
        assert_eq!(
            (view.status, &view.json()["status"]),
            (200, &json!("succeeded"))
        );
    }
    assert_eq!(shop.bank.intent().charges, 1);
    assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
    assert_eq!(shop.told(), ["payment.success", "payment.completed"]);
    let fact = &shop.events("payment.success")[0];
    assert_eq!(fact.key, "o1");
    let line = |product: &str, net: i64| {
        json!({
            "productId": product, "vendorId": "v1", "name": product.to_uppercase(), "quantity": 1,
            "unitPriceMinor": net, "netMinor": net,
        })
    };
    assert_eq!(
        fact.payload,
        json!({
            "paymentId": BY_STRIPE, "orderId": "o1", "number": "ORD-o1", "userId": "anna", "buyerId": "anna",
            "buyerEmail": "anna@example.com", "provider": "stripe", "currency": "USD", "amountMinor": 2000,
            "lines": [line("watch", 1999), line("strap", 1)],
        })
    );
    assert_eq!(shop.events("payment.completed")[0].payload, fact.payload);
    let method = fake_orders::payment_method("o1");
    assert_eq!(method, Ok(Some("stripe".into())));
}

#[test]
fn a_declined_card_is_told_and_another_one_may_be_tried() {
    let shop = Shop::new();
    shop.by_stripe();
    let view = shop.confirm("anna", &card("pm_declined")).unwrap().json();
    assert_eq!(
        (&view["status"], &view["failureReason"]),
        (&json!("failed"), &json!("Your card was declined."))
    );
    assert_eq!(states(BY_STRIPE), are("failed", "pending", "failed"));
    assert_eq!(
        shop.events("payment.failed")[0].payload["reason"],
        "Your card was declined"
    );
    assert_eq!(shop.by_stripe()["paymentIntentId"], "pi_1");
    let view = shop.confirm("anna", &card("pm_ok")).unwrap().json();
    assert_eq!(
        (&view["status"], view.get("failureReason")),
        (&json!("succeeded"), None)
    );
    assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
    // What is paid in the end has not failed, in whatever state it is from then on.
    let paid = payment(BY_STRIPE);
    assert!(paid.reason.is_some());
    for (status, is_shown) in [
        (Status::Failed, true),
        (Status::Canceled, true),
        (Status::Succeeded, false),
        (Status::Refunded, false),
    ] {
        let paid = Payment {
            status,
            ..paid.clone()
        };
        let view = PaymentView::of(&paid, None).unwrap();
        assert_eq!(view.failure_reason.is_some(), is_shown, "{status:?}");
    }
    assert_eq!(
        shop.told(),
        ["payment.failed", "payment.success", "payment.completed"]
    );
}

#[test]
fn who_has_to_prove_who_they_are_is_told_so() {
    let shop = Shop::new();
    shop.by_stripe();
    let body = json!({"paymentIntentId": "pi_1", "paymentMethod": "pm_prove", "returnUrl": "https://shop.example/back"});
    assert_eq!(
        shop.confirm("anna", &body).unwrap().json()["status"],
        "requires_action"
    );
    let form = last_form(&shop);
    assert!(
        form.contains("return_url=https%3A%2F%2Fshop.example%2Fback"),
        "{form}"
    );
}

#[test]
fn buyers_come_back_to_where_their_page_says_or_else_the_operator() {
    for (named, set, back) in [
        (
            Some("https://a.example"),
            Some("https://b.example"),
            Some("a.example"),
        ),
        (None, Some("https://b.example"), Some("b.example")),
        (None, None, None),
    ] {
        let shop = Shop::new();
        if let Some(set) = set {
            shop.host.set("return_url", set);
        }
        shop.by_stripe();
        let mut body = card("pm_ok");
        body["returnUrl"] = json!(named);
        let view = shop.confirm("anna", &body).unwrap().json();
        assert_eq!(view["status"], "succeeded", "{named:?} {set:?}");
        let form = last_form(&shop);
        let expected = back.map(|host| format!("return_url=https%3A%2F%2F{host}"));
        match expected {
            Some(expected) => assert!(form.contains(&expected), "{form}"),
            None => assert!(!form.contains("return_url"), "{form}"),
        }
    }
}

#[test]
fn a_charge_without_an_answer_is_found_out_about_and_never_made_twice() {
    for mishap in [Mishap::Lost, Mishap::Broken] {
        let shop = Shop::new();
        shop.by_stripe();
        shop.bank.mishap(mishap);
        let view = shop.confirm("anna", &card("pm_ok")).unwrap();
        assert_eq!(
            (view.status, &view.json()["status"]),
            (202, &json!("processing"))
        );
        assert_eq!(states(BY_STRIPE), are("processing", "pending", "pending"));
        // The provider is not asked before its time.
        shop.turn_after(2);
        assert_eq!(states(BY_STRIPE).0, "processing");
        shop.turn_after(10);
        assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
        shop.confirm("anna", &card("pm_ok")).unwrap();
        assert_eq!(shop.bank.intent().charges, 1);
        assert_eq!(shop.told(), ["payment.success", "payment.completed"]);
    }
}

#[test]
fn also_after_a_decline_an_unknown_answer_is_not_told_as_one() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.confirm("anna", &card("pm_declined")).unwrap();
    shop.bank.mishap(Mishap::Lost);
    let view = shop.confirm("anna", &card("pm_ok")).unwrap();
    assert_eq!(
        (view.status, &view.json()["status"]),
        (202, &json!("processing"))
    );
    // A buyer who asks again is told what is known by then, and nothing is charged again.
    let view = shop.confirm("anna", &card("pm_ok")).unwrap();
    assert_eq!(view.json()["status"], "succeeded");
    assert_eq!(shop.bank.intent().charges, 1);
}

#[test]
fn somebody_elses_payment_is_none() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.by_razorpay();
    for body in [
        card("pm_ok"),
        json!({"paymentIntentId": "pi_1"}),
        json!({"razorpayOrderId": "order_1"}),
        json!({"paymentId": "nothing"}),
        json!({"paymentIntentId": "nothing"}),
    ] {
        assert_eq!(
            refused(shop.confirm("berta", &body)),
            refusal(404, "not-found"),
            "{body}"
        );
    }
    assert_eq!(shop.bank.intent().charges, 0);
    assert_eq!(
        refused(shop.confirm("anna", &json!({}))),
        refusal(400, "invalid-request")
    );
    let anybody = shop.host.request("confirm").json(&card("pm_ok"));
    assert_eq!(
        refused(anybody.send(crate::dispatch)),
        refusal(401, "unauthenticated")
    );
}

#[test]
fn a_cancelled_order_is_not_charged() {
    let shop = Shop::new();
    shop.by_stripe();
    fake_orders::cancel("o1");
    assert_eq!(
        refused(shop.confirm("anna", &card("pm_ok"))),
        refusal(409, "order-closed")
    );
    assert_eq!(shop.bank.intent().charges, 0);
}

#[test]
fn what_the_provider_refuses_is_told_in_its_words() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.bank.mishap(Mishap::Down);
    assert_eq!(
        refused(shop.confirm("anna", &card("pm_ok"))),
        refusal(503, "service-unavailable")
    );
    assert_eq!(states(BY_STRIPE).0, "created");
}

/// What Razorpay's page gives the buyer.
fn proof(charge: &str) -> Value {
    let mac = secrets::sign(
        "razorpay_key_secret",
        format!("order_1|{charge}").as_bytes(),
    );
    json!({
        "razorpay_order_id": "order_1", "razorpay_payment_id": charge,
        "razorpay_signature": hex(&mac.unwrap()),
    })
}

#[test]
fn razorpays_proof_is_believed_by_its_signature_and_the_money_by_razorpays_word() {
    let shop = Shop::new();
    shop.by_razorpay();
    shop.bank.at_razorpay("authorized");
    let view = shop.confirm("anna", &proof("pay_1")).unwrap();
    assert_eq!(
        (view.status, &view.json()["status"]),
        (202, &json!("processing"))
    );
    assert!(shop.told().is_empty());
    // What is reserved is fetched.
    shop.work().unwrap();
    assert_eq!(states(BY_RAZORPAY), are("succeeded", "processing", "paid"));
    assert_eq!(shop.bank.order().charges, 1);
    let view = shop.confirm("anna", &proof("pay_1")).unwrap().json();
    assert_eq!(view["status"], "succeeded");
    assert_eq!(shop.told(), ["payment.success", "payment.completed"]);
}

#[test]
fn a_forged_proof_proves_nothing() {
    let shop = Shop::new();
    shop.by_razorpay();
    shop.bank.at_razorpay("captured");
    let mut other = proof("pay_2");
    other["razorpay_payment_id"] = json!("pay_1");
    for (name, value) in [
        ("razorpay_signature", json!("0".repeat(64))),
        ("razorpay_signature", json!("potato")),
        ("razorpay_payment_id", json!("pay_2")),
    ] {
        let mut body = proof("pay_1");
        body[name] = value;
        assert_eq!(
            refused(shop.confirm("anna", &body)),
            refusal(400, "invalid-signature")
        );
    }
    assert_eq!(
        refused(shop.confirm("anna", &other)),
        refusal(400, "invalid-signature")
    );
    let body =
        json!({"paymentId": BY_RAZORPAY, "razorpayPaymentId": "../x", "razorpaySignature": "00"});
    assert_eq!(
        refused(shop.confirm("anna", &body)),
        refusal(400, "invalid-request")
    );
    assert!(shop.told().is_empty());
    assert_eq!(states(BY_RAZORPAY).0, "created");
}

#[test]
fn an_order_that_is_cancelled_meanwhile_is_not_fetched_for() {
    let shop = Shop::new();
    shop.by_razorpay();
    shop.bank.at_razorpay("authorized");
    shop.confirm("anna", &proof("pay_1")).unwrap();
    fake_orders::cancel("o1");
    shop.work().unwrap();
    assert_eq!(shop.bank.order().charges, 0);
    assert_eq!(states(BY_RAZORPAY).0, "processing");
}
