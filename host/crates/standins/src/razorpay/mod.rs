//! Razorpay (API v1): orders, the payments made for them, refunds.

mod api;
mod books;
mod fault;
mod objects;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use stoa_kernel::clock::Clock;

use self::books::Books;
pub use self::books::{Act, How};
use crate::call::{Call, Reply};
use crate::door::Door;
use crate::mishap::{Mishap, Mishaps};
use crate::post::{Event, Post};
use crate::replay::Replays;
use crate::service::Service;
use crate::signature;

/// Razorpay's stand-in. Its door closes when it is dropped.
pub struct Razorpay {
    desk: Arc<Desk>,
    door: Door,
}

/// What its requests share.
struct Desk {
    key_id: String,
    key_secret: String,
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

impl Razorpay {
    /// On any free port of this machine, for those who know the key and its secret.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(key_id: &str, key_secret: &str, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), key_id, key_secret, clock).await
    }

    /// At this address.
    ///
    /// # Errors
    /// When the address can't be had.
    pub async fn start_at(
        at: SocketAddr,
        key_id: &str,
        key_secret: &str,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let desk = Arc::new(Desk {
            key_id: key_id.to_owned(),
            key_secret: key_secret.to_owned(),
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

    /// What a buyer or a bank does; answers what the buyer's page gets: the payment, and its proof.
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

    /// How often money was fetched for an order.
    #[must_use]
    pub fn captures(&self, order: &str) -> usize {
        self.desk.inside().books.captures_of(order)
    }

    /// How often money was given back of a payment.
    #[must_use]
    pub fn refunds(&self, payment: &str) -> usize {
        self.desk.inside().books.refunds_of(payment)
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
        let mut told = done.map_err(|fault| fault.description)?;
        if let (Some(order), Some(payment)) = (text(&told, "order_id"), text(&told, "id")) {
            let proof = signature::razorpay_payment(&self.key_secret, &order, &payment);
            told["razorpay_signature"] = proof.into();
        }
        Ok(told)
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

impl Service for Desk {
    fn serve(&self, call: &Call, mishap: Option<Mishap>) -> Reply {
        api::serve(self, call, mishap)
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
