//! Razorpay's stand-in.

use serde_json::{Value, json};
use stoa_standins::Mishap;
use stoa_standins::razorpay::{Act, How};

use crate::support::{ask, good, json_to, kinds, order, razorpay, told, unanswered};

fn pay(order: &str, how: How) -> Act {
    Act::Pay {
        order: order.to_owned(),
        how,
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nobody_without_key_and_secret_is_served() {
    let razorpay = razorpay().await;
    let url = format!("{}/v1/orders", razorpay.url());
    let client = reqwest::Client::new();
    for request in [
        client.get(&url),
        client.get(&url).basic_auth("rzp_test_1", Some("x")),
        client.get(&url).basic_auth("x", Some("rzp-secret")),
        client.get(&url).bearer_auth("rzp-secret"),
    ] {
        let (status, body) = told(request).await;
        assert_eq!(
            (status, &body["error"]["description"]),
            (401, &json!("Authentication failed"))
        );
    }
}

#[tokio::test]
async fn an_order_is_paid_once_and_its_money_goes_back_once() {
    let razorpay = razorpay().await;
    let order = order(&razorpay).await;
    let declined = razorpay.act(&pay(&order, How::Failed)).unwrap();
    assert_eq!(declined["status"], "failed");
    let held = razorpay.act(&pay(&order, How::Authorized)).unwrap();
    let id = text(&held, "id");
    let path = format!("/v1/payments/{id}/capture");
    let capture = |amount: i64| {
        json_to(
            &razorpay,
            &path,
            &json!({"amount": amount, "currency": "INR"}),
        )
    };
    assert_eq!(told(capture(49_999)).await.0, 400);
    assert_eq!(good(capture(50_000)).await["status"], "captured");
    let (status, body) = told(capture(50_000)).await;
    assert_eq!(
        (status, &body["error"]["description"]),
        (400, &json!("This payment has already been captured"))
    );
    assert!(razorpay.act(&pay(&order, How::Captured)).is_err());
    let found = good(ask(&razorpay, &format!("/v1/orders/{order}"))).await;
    assert_eq!(
        (&found["status"], &found["amount_due"], &found["attempts"]),
        (&json!("paid"), &json!(0), &json!(2))
    );
    let tries = good(ask(&razorpay, &format!("/v1/orders/{order}/payments"))).await;
    assert_eq!(tries["count"], 2);

    let path = format!("/v1/payments/{id}/refund");
    let back =
        |body: &Value, key| json_to(&razorpay, &path, body).header("x-refund-idempotency", key);
    let part = json!({"amount": 20_000});
    let first = good(back(&part, "0123456789")).await;
    assert_eq!(good(back(&part, "0123456789")).await, first);
    assert_eq!(
        told(back(&json!({"amount": 1_000}), "0123456789")).await.0,
        400
    );
    assert_eq!(told(back(&part, "short")).await.0, 400);
    assert_eq!(
        told(back(&json!({"amount": 30_001}), "1123456789")).await.0,
        400
    );
    assert_eq!(good(back(&json!({}), "2123456789")).await["amount"], 30_000);
    assert_eq!(told(back(&json!({}), "3123456789")).await.0, 400);
    let payment = good(ask(&razorpay, &format!("/v1/payments/{id}"))).await;
    assert_eq!(
        (
            &payment["status"],
            &payment["refund_status"],
            &payment["amount_refunded"]
        ),
        (&json!("refunded"), &json!("full"), &json!(50_000))
    );
    assert_eq!((razorpay.captures(&order), razorpay.refunds(&id)), (1, 2));
    assert_eq!(
        kinds(&razorpay.post().told()),
        [
            "payment.failed",
            "payment.authorized",
            "payment.captured",
            "order.paid",
            "refund.created",
            "refund.processed",
            "refund.created",
            "refund.processed",
        ]
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_the_field_at_fault() {
    let razorpay = razorpay().await;
    for (body, field) in [
        (json!({"currency": "INR"}), json!("amount")),
        (json!({"amount": 99, "currency": "INR"}), json!("amount")),
        (json!({"amount": "100", "currency": "INR"}), json!("amount")),
        (
            json!({"amount": 100, "currency": "rupees"}),
            json!("currency"),
        ),
        (
            json!({"amount": 100, "currency": "INR", "receipt": "x".repeat(41)}),
            json!("receipt"),
        ),
        (
            json!({"amount": 100, "currency": "INR", "color": 1}),
            Value::Null,
        ),
    ] {
        let (status, answer) = told(json_to(&razorpay, "/v1/orders", &body)).await;
        assert_eq!((status, &answer["error"]["field"]), (400, &field), "{body}");
    }
    for path in [
        "/v1/orders/order_x",
        "/v1/payments/pay_x",
        "/v1/orders/order_x/payments",
    ] {
        let (status, answer) = told(ask(&razorpay, path)).await;
        assert_eq!(status, 400);
        assert_eq!(
            answer["error"]["description"],
            "The id provided does not exist"
        );
    }
    let order = order(&razorpay).await;
    let held = text(&razorpay.act(&pay(&order, How::Authorized)).unwrap(), "id");
    let back = json_to(
        &razorpay,
        &format!("/v1/payments/{held}/refund"),
        &json!({}),
    );
    assert_eq!(told(back).await.0, 400, "it was not fetched");
}

#[tokio::test]
async fn a_lost_order_is_found_by_its_receipt() {
    let razorpay = razorpay().await;
    let body = json!({"amount": 100, "currency": "INR", "receipt": "lost"});
    for mishap in [Mishap::Silent, Mishap::Lost] {
        razorpay.mishap(mishap);
        unanswered(json_to(&razorpay, "/v1/orders", &body)).await;
    }
    let _ = order(&razorpay).await;
    let found = good(ask(&razorpay, "/v1/orders?receipt=lost")).await;
    assert_eq!(found["count"], 2);
    assert_eq!(
        good(ask(&razorpay, "/v1/orders?receipt=none")).await["count"],
        0
    );
}

#[tokio::test]
async fn slow_refunds_are_settled_either_way() {
    let razorpay = razorpay().await;
    let order = order(&razorpay).await;
    let paid = text(&razorpay.act(&pay(&order, How::Captured)).unwrap(), "id");
    razorpay.act(&Act::SlowRefunds(true)).unwrap();
    for (is_good, left) in [(false, "captured"), (true, "refunded")] {
        let back = json_to(
            &razorpay,
            &format!("/v1/payments/{paid}/refund"),
            &json!({}),
        );
        let refund = good(back).await;
        assert_eq!(refund["status"], "pending");
        let settle = Act::Settle {
            refund: text(&refund, "id"),
            good: is_good,
        };
        razorpay.act(&settle).unwrap();
        assert_eq!(razorpay.object(&paid).unwrap()["status"], left);
    }
    razorpay.act(&Act::DeclineNext).unwrap();
}
