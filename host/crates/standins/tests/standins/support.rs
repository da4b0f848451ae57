//! Services to talk to, and how.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use stoa_kernel::clock::{Clock, Millis};
use stoa_standins::{Razorpay, Stripe, Twilio};

pub const KEY: &str = "sk_test_1";
pub const KEY_ID: &str = "rzp_test_1";
pub const KEY_SECRET: &str = "rzp-secret";
pub const SID: &str = "AC0123456789abcdef0123456789abcdef";
pub const TOKEN: &str = "auth-token";

/// Longer than any answer of this machine takes, shorter than a test.
const PATIENCE: Duration = Duration::from_millis(300);

/// The machine's own clock: the services' libraries look at that one.
pub struct Now;

impl Clock for Now {
    fn now(&self) -> Millis {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        u64::try_from(since.unwrap().as_millis()).unwrap()
    }
}

pub async fn stripe() -> Stripe {
    Stripe::start(KEY, Arc::new(Now)).await.unwrap()
}

pub async fn razorpay() -> Razorpay {
    Razorpay::start((KEY_ID, KEY_SECRET), Arc::new(Now))
        .await
        .unwrap()
}

pub async fn twilio() -> Twilio {
    Twilio::start((SID, TOKEN), Arc::new(Now)).await.unwrap()
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

/// A request with a form.
pub fn form(stripe: &Stripe, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let request = client().post(format!("{}{path}", stripe.url()));
    with_form(request.bearer_auth(KEY), fields)
}

fn with_form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.finish())
}

/// A message to be sent.
pub fn message(twilio: &Twilio, fields: &[(&str, &str)]) -> RequestBuilder {
    let path = format!("/2010-04-01/Accounts/{SID}/Messages.json");
    let request = client().post(format!("{}{path}", twilio.url()));
    with_form(request.basic_auth(SID, Some(TOKEN)), fields)
}

/// A question.
pub fn get(stripe: &Stripe, path: &str) -> RequestBuilder {
    client()
        .get(format!("{}{path}", stripe.url()))
        .bearer_auth(KEY)
}

/// A request with JSON.
pub fn json_to(razorpay: &Razorpay, path: &str, body: &Value) -> RequestBuilder {
    client()
        .post(format!("{}{path}", razorpay.url()))
        .basic_auth(KEY_ID, Some(KEY_SECRET))
        .json(body)
}

pub fn ask(razorpay: &Razorpay, path: &str) -> RequestBuilder {
    client()
        .get(format!("{}{path}", razorpay.url()))
        .basic_auth(KEY_ID, Some(KEY_SECRET))
}

/// Sends, and answers status and body.
pub async fn told(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Sends what gets no whole answer.
pub async fn unanswered(request: RequestBuilder) {
    match request.timeout(PATIENCE).send().await {
        Ok(answer) => assert!(answer.bytes().await.is_err()),
        Err(error) => assert!(!error.is_connect(), "{error}"),
    }
}

/// The body of a good answer.
pub async fn good(request: RequestBuilder) -> Value {
    let (status, body) = told(request).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// A payment intent over 19.99 USD.
pub async fn intent(stripe: &Stripe) -> String {
    let fields = [("amount", "1999"), ("currency", "usd")];
    let intent = good(form(stripe, "/v1/payment_intents", &fields)).await;
    intent["id"].as_str().unwrap().to_owned()
}

/// An order over 500.00 INR.
pub async fn order(razorpay: &Razorpay) -> String {
    let body = json!({"amount": 50_000, "currency": "INR", "receipt": "r1", "notes": {"a": "b"}});
    let order = good(json_to(razorpay, "/v1/orders", &body)).await;
    order["id"].as_str().unwrap().to_owned()
}

pub fn kinds(events: &[stoa_standins::Event]) -> Vec<&str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}
