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

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use stoa_kernel::clock::Clock;

use self::books::Books;
pub use self::books::Refunding;
pub use self::buyer::Act;
use crate::call::{Call, Reply};
use crate::desk::{self, ANYWHERE, Desk, StandIn};
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

impl Stripe {
    /// On any free port of this machine, for those who know the secret key.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(key: &str, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::start_at(ANYWHERE, key, clock).await
    }

    /// At this address.
    ///
    /// # Errors
    /// When the address can't be had.
    pub async fn start_at(at: SocketAddr, key: &str, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let key = key.to_owned();
        Self::open(at, Account { key }, clock).await
    }

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
