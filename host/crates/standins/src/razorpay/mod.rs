//! Razorpay (API v1): orders, the payments made for them, refunds.

mod api;
mod books;
mod fault;
mod objects;

use serde_json::Value;

use self::books::Books;
pub use self::books::{Act, How};
use crate::call::{Call, Reply};
use crate::desk::{self, Desk, StandIn};
use crate::mishap::Mishap;
use crate::post::Event;
use crate::signature;

/// Razorpay's stand-in. Its door closes when it is dropped.
pub type Razorpay = StandIn<Account>;

/// A shop's account with Razorpay.
pub struct Account {
    key_id: String,
    key_secret: String,
}

impl From<(&str, &str)> for Account {
    /// By the key and its secret.
    fn from((key_id, key_secret): (&str, &str)) -> Self {
        Self {
            key_id: key_id.to_owned(),
            key_secret: key_secret.to_owned(),
        }
    }
}

impl Razorpay {
    /// How often money was fetched for an order.
    #[must_use]
    pub fn captures(&self, order: &str) -> usize {
        self.inside().books.captures_of(order)
    }
}

impl desk::Account for Account {
    type Books = Books;
    type Act = Act;

    fn serve(desk: &Desk<Self>, call: &Call, mishap: Option<Mishap>) -> Reply {
        api::serve(desk, call, mishap)
    }

    fn act(&self, books: &mut Books, act: &Act) -> Result<Value, String> {
        let mut told = books.act(act).map_err(|fault| fault.description)?;
        if let (Some(order), Some(payment)) = (text(&told, "order_id"), text(&told, "id")) {
            let proof = signature::razorpay_payment(&self.key_secret, &order, &payment);
            told["razorpay_signature"] = proof.into();
        }
        Ok(told)
    }

    /// The signature is the body's alone; the id of the event stands beside it.
    fn seal(secret: &str, _now_s: u64, event: &Event) -> Vec<(&'static str, String)> {
        vec![
            (
                "x-razorpay-signature",
                signature::hmac(secret, event.body.as_bytes()),
            ),
            ("x-razorpay-event-id", event.id.clone()),
        ]
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}
