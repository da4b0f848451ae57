//! Twilio (API version 2010-04-01): messages on their way out.
//!
//! Numbers are Twilio's own magic ones, as its documentation of test credentials lists them: `+15005550006` sends, and
//! what is sent to some others is refused in a certain way.

mod api;
mod books;
mod fault;

use serde_json::Value;

use self::books::Books;
pub use self::books::{Act, Message};
use crate::call::{Call, Reply};
use crate::desk::{self, Desk, StandIn};
use crate::mishap::Mishap;
use crate::post::Event;

/// Twilio's stand-in. Its door closes when it is dropped.
pub type Twilio = StandIn<Account>;

/// A shop's account with Twilio.
pub struct Account {
    sid: String,
    token: String,
}

impl From<(&str, &str)> for Account {
    /// By its SID and its auth token.
    fn from((sid, token): (&str, &str)) -> Self {
        Self {
            sid: sid.to_owned(),
            token: token.to_owned(),
        }
    }
}

impl Twilio {
    /// The messages that were taken, in order.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.inside().books.messages().to_vec()
    }

    /// How many messages were to be sent, taken or not.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.inside().books.asked
    }
}

impl desk::Account for Account {
    type Books = Books;
    type Act = Act;

    fn serve(desk: &Desk<Self>, call: &Call, mishap: Option<Mishap>) -> Reply {
        api::serve(desk, call, mishap)
    }

    fn act(&self, books: &mut Books, act: &Act) -> Result<Value, String> {
        Ok(books.act(act))
    }

    /// Nothing is told of messages: shops here do not ask for status callbacks.
    fn seal(_secret: &str, _now_s: u64, _event: &Event) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
