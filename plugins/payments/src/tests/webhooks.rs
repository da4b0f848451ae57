//! What providers call back with.

use serde_json::json;

use super::*;

#[test]
fn a_payment_is_paid_by_an_event_and_only_once() {
    let shop = Shop::new();
    shop.by_stripe();
    let object = seen(&shop.bank.intent(), "succeeded");
    let heard = shop
        .stripe_says("evt_1", "payment_intent.succeeded", &object)
        .unwrap();
    assert_eq!(heard, json!({"received": true, "outcome": "applied"}));
    assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
    assert_eq!(payment(BY_STRIPE).charge.as_deref(), Some("ch_pi_1"));
    // The same event again, and the same news by another event.
    let heard = shop
        .stripe_says("evt_1", "payment_intent.succeeded", &object)
        .unwrap();
    assert_eq!(heard["outcome"], "duplicate");
    let heard = shop
        .stripe_says("evt_2", "payment_intent.succeeded", &object)
        .unwrap();
    assert_eq!(heard["outcome"], "unchanged");
    assert_eq!(shop.told(), ["payment.success", "payment.completed"]);
}

#[test]
fn razorpay_is_heard_by_all_its_words_for_it() {
    for kind in ["payment.captured", "order.paid"] {
        let shop = Shop::new();
        shop.by_razorpay();
        shop.bank.at_razorpay("captured");
        let order = shop.bank.order();
        let payload = json!({
            "payment": {"entity": order.charge_of_razorpay()},
            "order": {"entity": {"id": "order_1", "amount": 2000, "currency": "USD", "receipt": BY_RAZORPAY}},
        });
        assert_eq!(
            shop.razorpay_says("e1", kind, &payload).unwrap()["outcome"],
            "applied"
        );
        assert_eq!(
            shop.razorpay_says("e1", kind, &payload).unwrap()["outcome"],
            "duplicate"
        );
        assert_eq!(states(BY_RAZORPAY), are("succeeded", "processing", "paid"));
        assert_eq!(payment(BY_RAZORPAY).charge.as_deref(), Some("pay_1"));
        assert_eq!(shop.told(), ["payment.success", "payment.completed"]);
    }
}

#[test]
fn money_that_is_reserved_is_fetched() {
    let shop = Shop::new();
    shop.by_razorpay();
    shop.bank.at_razorpay("authorized");
    let payload = json!({"payment": {"entity": shop.bank.order().charge_of_razorpay()}});
    shop.razorpay_says("e1", "payment.authorized", &payload)
        .unwrap();
    shop.razorpay_says("e2", "payment.authorized", &payload)
        .unwrap();
    shop.work().unwrap();
    assert_eq!(shop.bank.order().charges, 1);
    assert_eq!(states(BY_RAZORPAY), are("succeeded", "processing", "paid"));
}

#[test]
fn an_event_that_does_not_fit_our_books_is_written_down_and_has_no_effect() {
    for (member, value) in [
        ("amount_received", json!(1)),
        ("amount_received", json!(1_999)),
        ("currency", json!("eur")),
        ("metadata", json!({"orderId": "o2", "paymentId": BY_STRIPE})),
    ] {
        let shop = Shop::new();
        shop.by_stripe();
        let mut object = seen(&shop.bank.intent(), "succeeded");
        object[member] = value;
        let heard = shop
            .stripe_says("evt_1", "payment_intent.succeeded", &object)
            .unwrap();
        assert_eq!(heard["outcome"], "suspicious", "{member}");
        assert_eq!(states(BY_STRIPE), are("created", "pending", "pending"));
        assert!(shop.told().is_empty());
        assert!(
            shop.host
                .log()
                .iter()
                .any(|line| line.starts_with("error: payment"))
        );
        // The true one still counts.
        let object = seen(&shop.bank.intent(), "succeeded");
        shop.stripe_says("evt_2", "payment_intent.succeeded", &object)
            .unwrap();
        assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
    }
}

#[test]
fn an_order_that_became_another_one_is_not_paid_by_the_old_amount() {
    let shop = Shop::new();
    shop.by_stripe();
    fake_orders::place(&[fake_orders::order("o1", "anna", 30_00, "USD")]);
    let object = seen(&shop.bank.intent(), "succeeded");
    let heard = shop
        .stripe_says("evt_1", "payment_intent.succeeded", &object)
        .unwrap();
    assert_eq!(heard["outcome"], "suspicious");
    assert_eq!(states(BY_STRIPE), are("created", "pending", "pending"));
    assert!(payment(BY_STRIPE).is_held && payment(BY_STRIPE).check_at.is_none());
    assert!(shop.told().is_empty());
}

#[test]
fn events_of_no_concern_are_written_down_and_answered_well() {
    let shop = Shop::new();
    shop.by_stripe();
    let heard = |event: &str, kind: &str, object: &Value| {
        shop.stripe_says(event, kind, object).unwrap()["outcome"].clone()
    };
    assert_eq!(
        heard("evt_1", "customer.created", &json!({"id": "cus_1"})),
        "ignored"
    );
    assert_eq!(
        heard("evt_1", "customer.created", &json!({"id": "cus_1"})),
        "duplicate"
    );
    assert_eq!(
        heard("evt_2", "payment_intent.created", &json!({})),
        "ignored"
    );
    let foreign = Account {
        id: "pi_elsewhere".into(),
        payment_id: "elsewhere-stripe-1".into(),
        ..shop.bank.intent()
    };
    assert_eq!(
        heard(
            "evt_3",
            "payment_intent.succeeded",
            &seen(&foreign, "succeeded")
        ),
        "unmatched"
    );
    // Who names our payment does not become it.
    let posing = Account {
        id: "pi_elsewhere".into(),
        ..shop.bank.intent()
    };
    assert_eq!(
        heard(
            "evt_4",
            "payment_intent.succeeded",
            &seen(&posing, "succeeded")
        ),
        "unmatched"
    );
    let said = shop
        .razorpay_says("e1", "invoice.paid", &json!({}))
        .unwrap();
    assert_eq!(said["outcome"], "ignored");
    assert!(shop.told().is_empty());
}

#[test]
fn a_payment_whose_name_never_came_is_known_by_ours() {
    let shop = Shop::new();
    shop.bank.mishap(super::bank::Mishap::Lost);
    shop.by_stripe();
    assert_eq!(payment(BY_STRIPE).provider_id, None);
    let object = seen(&shop.bank.intent(), "succeeded");
    shop.stripe_says("evt_1", "payment_intent.succeeded", &object)
        .unwrap();
    assert_eq!(payment(BY_STRIPE).provider_id.as_deref(), Some("pi_1"));
    assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
}

#[test]
fn what_is_not_signed_is_not_heard() {
    let shop = Shop::new();
    shop.by_stripe();
    let body = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": seen(&shop.bank.intent(), "succeeded")}});
    for (handler, header) in [
        ("hear_stripe", "stripe-signature"),
        ("hear_razorpay", "x-razorpay-signature"),
    ] {
        let bare = shop.host.request(handler).json(&body);
        assert_eq!(
            refused(bare.send(crate::dispatch)),
            refusal(400, "invalid-signature")
        );
        let forged = format!("t=1767225600,v1={}", "0".repeat(64));
        let forged = shop
            .host
            .request(handler)
            .json(&body)
            .header(header, &forged);
        assert_eq!(
            refused(forged.send(crate::dispatch)),
            refusal(400, "invalid-signature")
        );
    }
    assert_eq!(states(BY_STRIPE).0, "created");
    let fresh = Host::of(include_str!("../../plugin.toml"));
    let signed = fresh.request("hear_razorpay").json(&body);
    let signed = signed.header("x-razorpay-signature", &"0".repeat(64));
    assert_eq!(
        refused(signed.send(crate::dispatch)),
        refusal(503, "not-configured")
    );
}

#[test]
fn an_event_signed_by_the_secret_before_is_heard() {
    let shop = Shop::new();
    shop.by_razorpay();
    shop.bank.at_razorpay("captured");
    let body = json!({"event": "payment.captured", "payload": {"payment": {"entity": shop.bank.order().charge_of_razorpay()}}});
    let mac = secrets::sign("razorpay_webhook_secret", body.to_string().as_bytes()).unwrap();
    shop.host
        .secret("razorpay_webhook_secret", &["new", "hook"]);
    // Without an id of its own, the event is known by its signature.
    let heard = || {
        let request = shop.host.request("hear_razorpay").body(body.to_string());
        let request = request.header("x-razorpay-signature", &hex(&mac));
        request.send(crate::dispatch).unwrap().json()["outcome"].clone()
    };
    assert_eq!((heard(), heard()), (json!("applied"), json!("duplicate")));
}

#[test]
fn malformed_events_are_refused_and_not_remembered() {
    let shop = Shop::new();
    shop.by_stripe();
    let broken = shop.stripe_says("evt_1", "payment_intent.succeeded", &json!({"id": 7}));
    assert_eq!(broken.unwrap_err().status, 400);
    let object = seen(&shop.bank.intent(), "succeeded");
    let heard = shop
        .stripe_says("evt_1", "payment_intent.succeeded", &object)
        .unwrap();
    assert_eq!(heard["outcome"], "applied");
    let broken = shop.razorpay_says(
        "e1",
        "payment.captured",
        &json!({"payment": {"entity": {}}}),
    );
    assert_eq!(broken.unwrap_err().status, 400);
    let nameless = shop.razorpay_says(" ", "payment.captured", &json!({}));
    assert_eq!(nameless.unwrap_err().status, 400);
}

#[test]
fn what_is_kept_of_an_event_bears_no_secret_and_is_bounded() {
    use stoa_guest::storage::Collection;
    let shop = Shop::new();
    shop.by_stripe();
    let kept: Collection<Value> = Collection::new("webhooks");
    let mut object = seen(&shop.bank.intent(), "processing");
    object["nested"] = json!([{"client_secret": "s3cret"}]);
    shop.stripe_says("evt_1", "payment_intent.processing", &object)
        .unwrap();
    let record = kept.get("stripe:evt_1").unwrap().unwrap();
    assert_eq!(record["raw"]["id"], "pi_1");
    assert!(!record.to_string().contains("secret_1") && !record.to_string().contains("s3cret"));
    object["description"] = json!("x".repeat(20_000));
    shop.stripe_says("evt_2", "payment_intent.processing", &object)
        .unwrap();
    assert_eq!(
        kept.get("stripe:evt_2").unwrap().unwrap()["raw"],
        Value::Null
    );
}
