//! The payments' stories, told through the plugin's doors over the SDK's fake host and two providers of our own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod bank;
mod begin;
mod confirm;
mod orders_of_events;
mod personal;
mod reconcile;
mod refunds;
mod transactions;
mod webhooks;

use std::cell::Cell;

use serde_json::{Value, json};
use stoa_guest::testing::{Host, Raised};
use stoa_guest::{Problem, Response, Result, secrets};

use self::bank::{Account, Bank};
use crate::fake_orders;
use crate::orders::Order;
use crate::payment::{PAYMENTS, Payment};

/// What the first order's first payments are called.
const BY_STRIPE: &str = "o1-stripe-1";
const BY_RAZORPAY: &str = "o1-razorpay-1";
const MINUTE_MS: u64 = 60_000;

/// A shop with an order `o1` of anna's for 20.00 dollars, one of berta's, and its two providers.
struct Shop {
    host: Host,
    bank: Bank,
    /// How many of the raised events were delivered.
    delivered: Cell<usize>,
}

impl Shop {
    fn new() -> Self {
        Self::with(&[
            fake_orders::order("o1", "anna", 20_00, "USD"),
            fake_orders::order("o2", "berta", 5_00, "USD"),
        ])
    }

    fn with(orders: &[Order]) -> Self {
        fake_orders::place(orders);
        let host = Host::of(include_str!("../../plugin.toml"));
        host.secret("stripe_webhook_secret", &["whsec_1"]);
        host.secret("razorpay_webhook_secret", &["hook"]);
        host.secret("razorpay_key_secret", &["key_secret"]);
        host.set("stripe_publishable_key", "pk_1");
        host.set("razorpay_key_id", "rzp_1");
        let bank = Bank::open(&host);
        Self {
            host,
            bank,
            delivered: Cell::new(0),
        }
    }

    fn pay(&self, who: &str, order: &str, body: &Value) -> Result<Response> {
        let request = self.host.request("pay_order").user(who).param("id", order);
        request.json(body).send(crate::dispatch)
    }

    fn by_stripe(&self) -> Value {
        self.pay("anna", "o1", &json!({"provider": "stripe"}))
            .unwrap()
            .json()
    }

    fn by_razorpay(&self) -> Value {
        self.pay("anna", "o1", &json!({"provider": "razorpay"}))
            .unwrap()
            .json()
    }

    fn confirm(&self, who: &str, body: &Value) -> Result<Response> {
        let request = self.host.request("confirm").user(who);
        request.json(body).send(crate::dispatch)
    }

    /// Stripe calls back about an object.
    fn stripe_says(&self, event: &str, kind: &str, object: &Value) -> Result<Value> {
        let body = json!({
            "id": event, "object": "event", "type": kind, "created": 1, "data": {"object": object},
        });
        let body = body.to_string();
        let seconds = stoa_guest::clock::now_ms() / 1_000;
        let mac = secrets::sign(
            "stripe_webhook_secret",
            format!("{seconds}.{body}").as_bytes(),
        );
        let header = format!("t={seconds},v1={}", hex(&mac.unwrap()));
        let request = self.host.request("hear_stripe").body(body);
        let answer = request
            .header("stripe-signature", &header)
            .send(crate::dispatch)?;
        assert_eq!(answer.status, 200);
        Ok(answer.json())
    }

    /// Razorpay calls back with these entities.
    fn razorpay_says(&self, event: &str, kind: &str, payload: &Value) -> Result<Value> {
        let body = json!({"entity": "event", "event": kind, "payload": payload}).to_string();
        let mac = secrets::sign("razorpay_webhook_secret", body.as_bytes()).unwrap();
        let request = self.host.request("hear_razorpay").body(body);
        let request = request.header("x-razorpay-signature", &hex(&mac));
        let answer = request
            .header("x-razorpay-event-id", event)
            .send(crate::dispatch)?;
        Ok(answer.json())
    }

    /// Lets the plugin do the work that it left for later, until none is left.
    fn work(&self) -> Result<()> {
        loop {
            let raised = self.host.events();
            let Some(next) = raised.get(self.delivered.get()) else {
                return Ok(());
            };
            if next.name == "payment.task" {
                self.deliver(next)?;
            }
            self.delivered.set(self.delivered.get() + 1);
        }
    }

    fn deliver(&self, raised: &Raised) -> Result<()> {
        let event = self.host.event(&raised.name).source("payments");
        event.json(&raised.payload).deliver(crate::dispatch_event)
    }

    /// A turn of the schedule, and the work that it leaves.
    fn turn_after(&self, minutes: u64) {
        self.host.advance(minutes * MINUTE_MS);
        self.host.turn("reconcile", crate::dispatch_turn).unwrap();
        self.work().unwrap();
    }

    /// Somebody cancels the order.
    fn cancel(&self) {
        fake_orders::cancel("o1");
        let event = self
            .host
            .event("order.cancelled")
            .source("orders")
            .key("o1");
        let payload = json!({"orderId": "o1", "wasPaid": true, "reason": "changed my mind"});
        event.json(&payload).deliver(crate::dispatch_event).unwrap();
    }

    /// The names of the events for others, in their order.
    fn told(&self) -> Vec<String> {
        let raised = self.host.events().into_iter();
        raised
            .filter(|event| event.name != "payment.task")
            .map(|event| event.name)
            .collect()
    }

    fn events(&self, name: &str) -> Vec<Raised> {
        let raised = self.host.events().into_iter();
        raised.filter(|event| event.name == name).collect()
    }
}

/// The fields of the last request that was sent.
fn last_form(shop: &Shop) -> String {
    let sent = shop.host.sent();
    String::from_utf8(sent.last().unwrap().body.clone()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn payment(id: &str) -> Payment {
    PAYMENTS.get(id).unwrap().unwrap()
}

/// A payment's state and its order's.
fn states(id: &str) -> (String, String, String) {
    let order = fake_orders::get("o1").unwrap();
    (
        payment(id).status.word().into(),
        order.status,
        order.payment_status,
    )
}

fn are(payment: &str, order: &str, paid: &str) -> (String, String, String) {
    (payment.into(), order.into(), paid.into())
}

/// An intent as an event shows it, in a status.
fn seen(intent: &Account, status: &str) -> Value {
    let mut shown = Account {
        status: status.into(),
        ..intent.clone()
    }
    .intent();
    if status == "requires_payment_method" {
        shown["last_payment_error"] = json!({"message": "Your card was declined."});
    }
    shown
}

/// A charge of an intent of which so much went back.
fn charge(intent: &Account, refunded: i64) -> Value {
    json!({
        "id": intent.charge, "object": "charge", "payment_intent": intent.id, "amount": intent.amount,
        "amount_refunded": refunded, "refunded": refunded == intent.amount, "currency": intent.currency,
        "metadata": {"orderId": intent.order_id, "paymentId": intent.payment_id},
    })
}

/// A refusal's status and word.
fn refused(result: Result<Response>) -> (u16, String) {
    let Problem { status, code, .. } = result.unwrap_err();
    (status, code)
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.into())
}
