//! A webhook that Stripe's own library has signed.

use std::process::Command;

use serde_json::{Value, json};
use stoa_kernel::clock::Clock as _;

use super::bank::WEBHOOK;
use super::{Shop, intent};

/// Where a Python with the library is.
const PYTHON_VARIABLE: &str = "STOA_TEST_PYTHON";
/// Signs a body: secret, seconds since 1970, body.
const SCRIPT: &str = "
import sys, stripe
secret, timestamp, body = sys.argv[1:]
print(stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=int(timestamp)), end='')
";

fn sign(secret: &str, now_s: u64, body: &str) -> String {
    let Some(python) = std::env::var_os(PYTHON_VARIABLE) else {
        panic!("{PYTHON_VARIABLE} is not set: run the tests with `cargo xtask test`");
    };
    let mut command = Command::new(python);
    let output = command
        .args(["-c", SCRIPT, secret, &now_s.to_string(), body])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stripes_own_library_signs_is_believed_and_under_another_secret_not() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    let object: Value = shop.bank.pay(&intent(&payment));
    let now_s = shop.host.clock.now() / 1_000;
    let body = json!({
        "id": "evt_official", "object": "event", "type": "payment_intent.succeeded", "created": now_s,
        "data": { "object": object },
    });
    let body = body.to_string();

    let forged = sign("whsec_other", now_s, &body);
    let stranger = shop.host.anonymous().header("stripe-signature", &forged);
    let path = "/api/payments/webhook/stripe";
    let answer = stranger.send(http::Method::POST, path, body.clone()).await;
    let _ = answer.problem(400, "invalid-signature");
    assert_eq!(shop.paid(&order).await, "pending");

    let signature = sign(WEBHOOK, now_s, &body);
    assert_eq!(shop.heard(&signature, body).await, "applied");
    assert_eq!(shop.paid(&order).await, "paid");
}
