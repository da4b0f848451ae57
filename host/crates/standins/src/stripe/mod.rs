//! Stripe (API version 2024-06-20): payment intents, refunds, checkout, customers, subscriptions.
//!
//! Prices are all that begin with `price_`: 10.00 USD a month. Cards are Stripe's own test cards, by the names and numbers
//! of its documentation.

mod api;
mod books;
mod buyer;
mod cards;
mod checkout;
mod fault;
mod fields;
mod intents;
mod objects;
mod refunds;
mod subscriptions;

use serde_json::Value;

use self::books::Books;
pub use self::books::Refunding;
pub use self::buyer::Act;
use crate::call::{Call, Reply};
use crate::desk::{self, Desk, StandIn};
use crate::id;
use crate::mishap::Mishap;
use crate::post::Event;
use crate::signature;

/// Stripe's stand-in. Its door closes when it is dropped.
pub type Stripe = StandIn<Account>;

/// A shop's account with Stripe.
pub struct Account {
    key: String,
}

impl From<&str> for Account {
    /// By the secret key.
    fn from(key: &str) -> Self {
        let key = key.to_owned();
        Self { key }
    }
}

impl Stripe {
    /// How often money was taken for a payment intent.
    #[must_use]
    pub fn charges(&self, intent: &str) -> usize {
        self.inside().books.charges_of(intent)
    }
}

impl desk::Account for Account {
    type Books = Books;
    type Act = Act;

    fn serve(desk: &Desk<Self>, call: &Call, mishap: Option<Mishap>) -> Reply {
        let mut reply = api::serve(desk, call, mishap);
        reply.headers.push(("request-id", id::fresh("req", 14)));
        reply
    }

    fn act(&self, books: &mut Books, act: &Act) -> Result<Value, String> {
        books.act(act).map_err(|fault| fault.message)
    }

    fn seal(secret: &str, now_s: u64, event: &Event) -> Vec<(&'static str, String)> {
        vec![(
            "stripe-signature",
            signature::stripe(secret, now_s, &event.body),
        )]
    }
}
