//! The stand-ins beside the services' own libraries for Python: they are served as by the services, our signatures pass
//! their checks, and theirs are ours.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use stoa_standins::{razorpay, signature};

use crate::support::{KEY, KEY_ID, KEY_SECRET, SID, TOKEN, order, razorpay, stripe, twilio};

/// Where a Python with the libraries is.
const PYTHON_VARIABLE: &str = "STOA_TEST_PYTHON";

/// Runs a script with a question, and reads its answer, while the stand-ins go on.
async fn run(script: &'static str, question: &Value) -> Value {
    let question = question.to_string();
    let run = tokio::task::spawn_blocking(move || run_blocking(script, &question));
    serde_json::from_slice(&run.await.unwrap()).unwrap()
}

fn run_blocking(script: &str, question: &str) -> Vec<u8> {
    let Some(python) = std::env::var_os(PYTHON_VARIABLE) else {
        panic!("{PYTHON_VARIABLE} is not set: run the tests with `cargo xtask test`");
    };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/standins/official");
    let mut child = Command::new(python)
        .arg(folder.join(script))
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(question.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {said}");
    output.stdout
}

/// Every event that a stand-in told, with the headers that it would be sent with now.
fn letters(post: &stoa_standins::Post, secret: &str) -> Vec<Value> {
    let letter = |event: stoa_standins::Event| {
        let headers: serde_json::Map<String, Value> = post
            .seal(&event, secret)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        json!({"kind": event.kind, "body": event.body, "headers": headers})
    };
    post.told().into_iter().map(letter).collect()
}

#[tokio::test]
async fn stripes_library_shops_at_the_stand_in() {
    let stripe = stripe().await;
    let shopped = run("stripe_shop.py", &json!({"url": stripe.url(), "key": KEY})).await;
    let intent = shopped["intent"].as_str().unwrap();
    assert_eq!((stripe.charges(intent), stripe.refunds(intent)), (1, 1));
}

#[tokio::test]
async fn stripes_library_takes_our_signatures_and_we_make_theirs() {
    let stripe = stripe().await;
    let _ = run("stripe_shop.py", &json!({"url": stripe.url(), "key": KEY})).await;
    let letters = letters(stripe.post(), "whsec_1");
    assert!(letters.len() > 5);
    let body = "{\n  \"id\": \"evt_1\", \"name\": \"Zoë\"}";
    let question = json!({
        "secret": "whsec_1", "letters": letters, "sign": {"body": body, "timestamp": 12345},
    });
    let answer = run("stripe_signatures.py", &question).await;
    assert_eq!(answer["signed"], signature::stripe("whsec_1", 12345, body));
}

#[tokio::test]
async fn razorpays_library_shops_at_the_stand_in_and_takes_our_signatures() {
    let razorpay = razorpay().await;
    let order = order(&razorpay).await;
    let proof = razorpay
        .act(&razorpay::Act::Pay {
            order,
            how: razorpay::How::Authorized,
        })
        .unwrap();
    let question = json!({
        "url": razorpay.url(), "key": [KEY_ID, KEY_SECRET], "proof": proof, "secret": "hook",
        "letters": letters(razorpay.post(), "hook"),
    });
    let answer = run("razorpay_shop.py", &question).await;
    let payment = proof["id"].as_str().unwrap();
    assert_eq!(answer["payment"], payment);
    assert_eq!(razorpay.object(payment).unwrap()["status"], "refunded");
}

#[tokio::test]
async fn twilios_library_sends_messages_by_the_stand_in() {
    let twilio = twilio().await;
    let question = json!({"url": twilio.url(), "sid": SID, "token": TOKEN});
    let answer = run("twilio_messages.py", &question).await;
    let messages = twilio.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(answer["sid"], messages[0].sid);
    assert_eq!(messages[0].body, "Grüße & more");
}
