//! Stripe's stand-in.

use serde_json::{Value, json};
use stoa_standins::Mishap;
use stoa_standins::stripe::{Act, Refunding};

use crate::support::{KEY, form, get, good, intent, kinds, stripe, told, unanswered};

const CONFIRM: &[(&str, &str)] = &[("payment_method", "pm_card_visa")];

fn confirm(intent: &str) -> String {
    format!("/v1/payment_intents/{intent}/confirm")
}

#[tokio::test]
async fn nobody_without_the_key_is_served() {
    let stripe = stripe().await;
    let url = format!("{}/v1/payment_intents", stripe.url());
    let client = reqwest::Client::new();
    for request in [
        client.get(&url),
        client.get(&url).bearer_auth("sk_test_2"),
        client.get(&url).basic_auth("sk_test_2", Some("")),
    ] {
        let (status, body) = told(request).await;
        assert_eq!(
            (status, &body["error"]["type"]),
            (401, &json!("invalid_request_error"))
        );
    }
    let _ = good(client.get(&url).basic_auth(KEY, Some(""))).await;
}

#[tokio::test]
async fn an_intent_is_charged_once_and_its_money_goes_back_once() {
    let stripe = stripe().await;
    let id = intent(&stripe).await;
    let paid = good(form(&stripe, &confirm(&id), CONFIRM)).await;
    assert_eq!(
        (&paid["status"], &paid["amount_received"]),
        (&json!("succeeded"), &json!(1999))
    );
    let (status, body) = told(form(&stripe, &confirm(&id), CONFIRM)).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (400, &json!("payment_intent_unexpected_state"))
    );

    let part = [("payment_intent", &*id), ("amount", "1000")];
    assert_eq!(
        good(form(&stripe, "/v1/refunds", &part)).await["amount"],
        1000
    );
    let (_, body) = told(form(&stripe, "/v1/refunds", &part)).await;
    assert_eq!(body["error"]["param"], "amount");
    let rest = [("payment_intent", &*id)];
    assert_eq!(
        good(form(&stripe, "/v1/refunds", &rest)).await["amount"],
        999
    );
    let (_, body) = told(form(&stripe, "/v1/refunds", &rest)).await;
    assert_eq!(body["error"]["code"], "charge_already_refunded");
    assert_eq!((stripe.charges(&id), stripe.refunds(&id)), (1, 2));
    let listed = good(get(&stripe, &format!("/v1/refunds?payment_intent={id}"))).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    assert_eq!(
        kinds(&stripe.post().told()),
        [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "refund.created",
            "charge.refunded",
            "refund.created",
            "charge.refunded",
        ]
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_the_parameter_at_fault() {
    let stripe = stripe().await;
    let usd = ("currency", "usd");
    for (fields, code, param) in [
        (vec![usd], "parameter_missing", "amount"),
        (vec![("amount", "49"), usd], "amount_too_small", "amount"),
        (
            vec![("amount", "100000000"), usd],
            "amount_too_large",
            "amount",
        ),
        (
            vec![("amount", "1.5"), usd],
            "parameter_invalid_integer",
            "amount",
        ),
        (vec![("amount", "100")], "parameter_missing", "currency"),
        (
            vec![("amount", "100"), usd, ("prize", "1")],
            "parameter_unknown",
            "prize",
        ),
        (
            vec![("amount", "100"), usd, ("customer", "cus_x")],
            "resource_missing",
            "customer",
        ),
    ] {
        let (status, body) = told(form(&stripe, "/v1/payment_intents", &fields)).await;
        assert!(status == 400 || status == 404, "{fields:?}");
        let error = &body["error"];
        assert_eq!(
            (&error["code"], &error["param"]),
            (&json!(code), &json!(param))
        );
    }
    let id = intent(&stripe).await;
    let unknown = [("payment_method", "pm_x")];
    let (status, _) = told(form(&stripe, &confirm(&id), &unknown)).await;
    assert_eq!(status, 404);
    let (status, _) = told(get(&stripe, "/v1/payment_intents/pi_x")).await;
    assert_eq!(status, 404);
    let url = format!("{}/v1/payment_intents", stripe.url());
    let request = reqwest::Client::new()
        .post(url)
        .bearer_auth(KEY)
        .json(&json!({"amount": 100}));
    assert_eq!(told(request).await.0, 400, "it takes forms alone");
}

#[tokio::test]
async fn who_may_be_sent_elsewhere_has_to_say_where_to_come_back_to() {
    let stripe = stripe().await;
    let fields = [
        ("amount", "1999"),
        ("currency", "usd"),
        ("automatic_payment_methods[enabled]", "true"),
    ];
    let made = good(form(&stripe, "/v1/payment_intents", &fields)).await;
    let id = made["id"].as_str().unwrap();
    let (status, body) = told(form(&stripe, &confirm(id), CONFIRM)).await;
    assert_eq!(status, 400);
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("return_url")
    );
    let back = [CONFIRM[0], ("return_url", "https://shop.example/back")];
    assert_eq!(
        good(form(&stripe, &confirm(id), &back)).await["status"],
        "succeeded"
    );
}

#[tokio::test]
async fn test_cards_do_what_they_are_for() {
    let stripe = stripe().await;
    for (card, decline) in [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        (
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "insufficient_funds",
        ),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
    ] {
        let id = intent(&stripe).await;
        let fields = [("payment_method", card)];
        let (status, body) = told(form(&stripe, &confirm(&id), &fields)).await;
        let error = &body["error"];
        assert_eq!(
            (status, &error["type"], &error["decline_code"]),
            (402, &json!("card_error"), &json!(decline))
        );
        assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
        assert_eq!(stripe.charges(&id), 0);
        assert_eq!(
            good(form(&stripe, &confirm(&id), CONFIRM)).await["status"],
            "succeeded",
            "another card may do"
        );
    }
    let id = intent(&stripe).await;
    let number = [("payment_method_data[card][number]", "4000000000009995")];
    assert_eq!(told(form(&stripe, &confirm(&id), &number)).await.0, 402);
    stripe.act(&Act::DeclineNext).unwrap();
    assert_eq!(told(form(&stripe, &confirm(&id), CONFIRM)).await.0, 402);

    let prove = [("payment_method", "pm_card_authenticationRequired")];
    for (good_proof, status) in [(false, "requires_payment_method"), (true, "succeeded")] {
        let asked = good(form(&stripe, &confirm(&id), &prove)).await;
        assert_eq!(asked["status"], "requires_action");
        let proved = Act::Prove {
            intent: id.clone(),
            good: good_proof,
        };
        assert_eq!(stripe.act(&proved).unwrap()["status"], status);
    }
}

#[tokio::test]
async fn reserved_money_is_fetched_or_let_go() {
    let stripe = stripe().await;
    let fields = [
        ("amount", "1999"),
        ("currency", "usd"),
        ("capture_method", "manual"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    for (action, status, charges) in [("capture", "succeeded", 1), ("cancel", "canceled", 0)] {
        let held = good(form(&stripe, "/v1/payment_intents", &fields)).await;
        assert_eq!(held["status"], "requires_capture");
        let id = held["id"].as_str().unwrap();
        let path = format!("/v1/payment_intents/{id}/{action}");
        assert_eq!(good(form(&stripe, &path, &[])).await["status"], status);
        assert_eq!(told(form(&stripe, &path, &[])).await.0, 400);
        assert_eq!(stripe.charges(id), charges);
    }
}

#[tokio::test]
async fn the_same_key_is_told_the_same_and_another_question_under_it_nothing() {
    let stripe = stripe().await;
    let create = |amount| {
        let fields = [("amount", amount), ("currency", "usd")];
        form(&stripe, "/v1/payment_intents", &fields).header("idempotency-key", "k1")
    };
    let first = good(create("1999")).await;
    let again = create("1999").send().await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let (status, body) = told(create("2000")).await;
    assert_eq!(
        (status, &body["error"]["type"]),
        (400, &json!("idempotency_error"))
    );
    assert_eq!(stripe.post().told().len(), 1, "one intent was made");

    let id = intent(&stripe).await;
    let declined = [("payment_method", "pm_card_visa_chargeDeclined")];
    let decline = || form(&stripe, &confirm(&id), &declined).header("idempotency-key", "k2");
    assert_eq!(told(decline()).await, told(decline()).await);
    let failed = kinds(&stripe.post().told())
        .iter()
        .filter(|kind| **kind == "charge.failed")
        .count();
    assert_eq!(failed, 1);
    let refused = || {
        form(&stripe, "/v1/refunds", &[("payment_intent", &*id)]).header("idempotency-key", "k3")
    };
    assert_eq!(told(refused()).await.0, 400);
    let _ = good(form(&stripe, &confirm(&id), CONFIRM)).await;
    let _ = good(refused()).await;
}

#[tokio::test]
async fn every_mishap_is_the_one_that_was_asked_for() {
    let stripe = stripe().await;
    let id = intent(&stripe).await;
    let pay = || form(&stripe, &confirm(&id), CONFIRM).header("idempotency-key", "k");
    for (mishap, status) in [(Mishap::Down, 503), (Mishap::Busy, 429)] {
        stripe.mishap(mishap);
        let _ = good(get(&stripe, "/v1/refunds")).await;
        assert_eq!(told(pay()).await.0, status);
        assert_eq!(stripe.charges(&id), 0);
    }
    stripe.mishap(Mishap::Silent);
    unanswered(pay()).await;
    assert_eq!(stripe.charges(&id), 1);
    assert_eq!(good(pay()).await["status"], "succeeded");

    let back = || {
        form(
            &stripe,
            "/v1/refunds",
            &[("payment_intent", &*id), ("amount", "1")],
        )
    };
    stripe.mishap(Mishap::Lost);
    unanswered(back()).await;
    stripe.mishap(Mishap::Broken);
    for _ in 0..2 {
        let (status, body) = told(back().header("idempotency-key", "b")).await;
        assert_eq!((status, &body["error"]["type"]), (500, &json!("api_error")));
    }
    assert_eq!((stripe.charges(&id), stripe.refunds(&id)), (1, 2));
}

#[tokio::test]
async fn refunds_take_their_time_or_fail_when_they_are_told_to() {
    let stripe = stripe().await;
    let id = intent(&stripe).await;
    let _ = good(form(&stripe, &confirm(&id), CONFIRM)).await;
    let back = [("payment_intent", &*id)];
    stripe.act(&Act::Refunding(Refunding::Failing)).unwrap();
    assert_eq!(
        good(form(&stripe, "/v1/refunds", &back)).await["status"],
        "failed"
    );
    assert_eq!(stripe.refunds(&id), 0);
    stripe.act(&Act::Refunding(Refunding::Pending)).unwrap();
    let pending = good(form(&stripe, "/v1/refunds", &back)).await;
    assert_eq!(pending["status"], "pending");
    let settle = Act::Settle {
        refund: pending["id"].as_str().unwrap().into(),
        good: true,
    };
    assert_eq!(stripe.act(&settle).unwrap()["status"], "succeeded");
    assert!(stripe.act(&settle).is_err());
    let told = stripe.post().told();
    assert!(kinds(&told).contains(&"refund.failed") && kinds(&told).contains(&"refund.updated"));
}

#[tokio::test]
async fn a_page_is_paid_on_and_a_subscription_lives_and_ends() {
    let stripe = stripe().await;
    let fields = [
        ("mode", "subscription"),
        ("line_items[0][price]", "price_team"),
        ("line_items[0][quantity]", "1"),
        ("success_url", "https://app.example/thanks"),
        ("client_reference_id", "acme"),
        ("customer_email", "ada@example.com"),
        ("subscription_data[metadata][plan]", "team"),
    ];
    let create = || form(&stripe, "/v1/checkout/sessions", &fields);
    let page = good(create()).await;
    assert_eq!(
        (&page["status"], &page["payment_status"]),
        (&json!("open"), &json!("unpaid"))
    );
    let session = page["id"].as_str().unwrap().to_owned();
    let paid = stripe
        .act(&Act::Complete {
            session: session.clone(),
        })
        .unwrap();
    assert_eq!(
        (&paid["status"], &paid["client_reference_id"]),
        (&json!("complete"), &json!("acme"))
    );
    let (status, _) = told(form(
        &stripe,
        &format!("/v1/checkout/sessions/{session}/expire"),
        &[],
    ))
    .await;
    assert_eq!(status, 400);

    let id = paid["subscription"].as_str().unwrap().to_owned();
    let path = format!("/v1/subscriptions/{id}");
    let subscription = good(get(&stripe, &path)).await;
    assert_eq!(subscription["status"], "active");
    assert_eq!(
        subscription["items"]["data"][0]["price"]["id"],
        "price_team"
    );
    assert_eq!(subscription["metadata"]["plan"], "team");
    let unpaid = Act::Renew {
        subscription: id,
        paid: false,
    };
    assert_eq!(stripe.act(&unpaid).unwrap()["status"], "past_due");
    let client = reqwest::Client::new();
    let end = || {
        client
            .delete(format!("{}{path}", stripe.url()))
            .bearer_auth(KEY)
    };
    assert_eq!(good(end()).await["status"], "canceled");
    assert_eq!(told(end()).await.0, 404);
    assert_eq!(
        kinds(&stripe.post().told()),
        [
            "customer.created",
            "customer.subscription.created",
            "invoice.paid",
            "checkout.session.completed",
            "invoice.payment_failed",
            "customer.subscription.updated",
            "customer.subscription.deleted",
        ]
    );
    let customer = paid["customer"].as_str().unwrap();
    let portal = [
        ("customer", customer),
        ("return_url", "https://app.example"),
    ];
    assert!(good(form(&stripe, "/v1/billing_portal/sessions", &portal)).await["url"].is_string());
    let other = good(create()).await["id"].as_str().unwrap().to_owned();
    let closed = good(form(
        &stripe,
        &format!("/v1/checkout/sessions/{other}/expire"),
        &[],
    ))
    .await;
    assert_eq!(
        (&closed["status"], &closed["url"]),
        (&json!("expired"), &Value::Null)
    );
}

#[tokio::test]
async fn lists_have_pages_and_bounds() {
    let stripe = stripe().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(intent(&stripe).await);
    }
    let page = good(get(&stripe, "/v1/payment_intents?limit=2")).await;
    assert_eq!(
        (&page["data"][0]["id"], &page["has_more"]),
        (&json!(made[2]), &json!(true))
    );
    let path = format!("/v1/payment_intents?limit=2&starting_after={}", made[1]);
    let rest = good(get(&stripe, &path)).await;
    assert_eq!(
        (&rest["data"][0]["id"], &rest["has_more"]),
        (&json!(made[0]), &json!(false))
    );
    let future = good(get(
        &stripe,
        "/v1/payment_intents?created%5Bgte%5D=9999999999",
    ))
    .await;
    assert_eq!(future["data"], json!([]));
    assert_eq!(
        told(get(&stripe, "/v1/payment_intents?limit=101")).await.0,
        400
    );
    assert_eq!(
        told(get(&stripe, "/v1/payment_intents?color=red")).await.0,
        400
    );
}
