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
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use stoa_kernel::clock::Clock;

use self::books::Books;
pub use self::books::Refunding;
pub use self::buyer::Act;
use crate::call::{Call, Reply};
use crate::door::Door;
use crate::id;
use crate::mishap::{Mishap, Mishaps};
use crate::post::{Event, Post};
use crate::replay::Replays;
use crate::service::Service;
use crate::signature;

/// Stripe's stand-in. Its door closes when it is dropped.
pub struct Stripe {
    desk: Arc<Desk>,
    door: Door,
}

/// What its requests share.
struct Desk {
    key: String,
    clock: Arc<dyn Clock>,
    post: Post,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    books: Books,
    replays: Replays,
    mishaps: Mishaps,
}

impl Stripe {
    /// On any free port of this machine, for those who know the secret key.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(key: &str, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), key, clock).await
    }

    /// At this address.
    ///
    /// # Errors
    /// When the address can't be had.
    pub async fn start_at(at: SocketAddr, key: &str, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let desk = Arc::new(Desk {
            key: key.to_owned(),
            post: Post::new(seal, clock.clone()),
            clock,
            inside: Mutex::default(),
        });
        let door = Door::open(at, desk.clone()).await?;
        Ok(Self { desk, door })
    }

    /// Where it is, without the path of a version.
    #[must_use]
    pub fn url(&self) -> String {
        self.door.url()
    }

    /// Lets a mishap happen to the next request that changes anything.
    pub fn mishap(&self, mishap: Mishap) {
        self.desk.mishap(mishap);
    }

    /// What a buyer or a bank does; answers the object that it is done to.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn act(&self, act: &Act) -> Result<Value, String> {
        self.desk.act(act)
    }

    /// Its webhooks.
    #[must_use]
    pub fn post(&self) -> &Post {
        &self.desk.post
    }

    /// An object by its id, as its API shows it.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Value> {
        self.desk.inside().books.object(id)
    }

    /// How often money was taken for a payment intent.
    #[must_use]
    pub fn charges(&self, intent: &str) -> usize {
        self.desk.inside().books.charges_of(intent)
    }

    /// How often money was given back of a payment intent.
    #[must_use]
    pub fn refunds(&self, intent: &str) -> usize {
        self.desk.inside().books.refunds_of(intent)
    }
}

impl Desk {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something in the books, and tells what happened by it.
    fn change<T>(&self, inside: &mut Inside, act: impl FnOnce(&mut Books) -> T) -> T {
        inside.books.now_s = self.clock.now() / 1_000;
        let done = act(&mut inside.books);
        for event in inside.books.news() {
            self.post.tell(event);
        }
        done
    }

    fn act(&self, act: &Act) -> Result<Value, String> {
        let done = self.change(&mut self.inside(), |books| books.act(act));
        done.map_err(|fault| fault.message)
    }
}

impl Service for Desk {
    fn serve(&self, call: &Call, mishap: Option<Mishap>) -> Reply {
        let mut reply = api::serve(self, call, mishap);
        reply.headers.push(("request-id", id::fresh("req", 14)));
        reply
    }

    fn next_mishap(&self) -> Option<Mishap> {
        self.inside().mishaps.next()
    }

    fn mishap(&self, mishap: Mishap) {
        self.inside().mishaps.add(mishap);
    }

    fn act(&self, act: Value) -> Result<Value, String> {
        let act: Act = serde_json::from_value(act).map_err(|error| error.to_string())?;
        Self::act(self, &act)
    }

    fn post(&self) -> &Post {
        &self.post
    }
}

fn seal(secret: &str, now_s: u64, event: &Event) -> Vec<(&'static str, String)> {
    vec![(
        "stripe-signature",
        signature::stripe(secret, now_s, &event.body),
    )]
}
