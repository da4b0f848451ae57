//! A stand-in at work: its books, what is kept beside them, and the door to it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::Value;
use stoa_kernel::clock::Clock;

use crate::call::{Call, Reply};
use crate::door::Door;
use crate::mishap::{Mishap, Mishaps};
use crate::post::{Event, Post};
use crate::replay::Replays;
use crate::service::Service;

/// Any free port of this machine.
const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What makes a stand-in the one of its service: what is known of the shop's account, how it is asked, and what comes
/// of it.
pub trait Account: Send + Sync + Sized + 'static {
    /// What the service writes down.
    type Books: Bookkeeping;
    /// What a buyer or a bank does past the API that shops use.
    type Act: DeserializeOwned;

    /// Answers a request.
    fn serve(desk: &Desk<Self>, call: &Call, mishap: Option<Mishap>) -> Reply;

    /// Does what a buyer or a bank does.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    fn act(&self, books: &mut Self::Books, act: &Self::Act) -> Result<Value, String>;

    /// The headers that prove an event, by secret and seconds since 1970.
    fn seal(secret: &str, now_s: u64, event: &Event) -> Vec<(&'static str, String)>;
}

/// What all books have.
pub trait Bookkeeping: Default + Send + 'static {
    /// What happens from here on happens so many seconds after 1970.
    fn begin(&mut self, now_s: u64);

    /// What happened since this was asked last.
    fn news(&mut self) -> Vec<Event>;

    /// Any object, by its id.
    fn object(&self, id: &str) -> Option<Value>;

    /// How often money was given back of a payment, or is on its way.
    fn refunds_of(&self, payment: &str) -> usize;
}

/// What a stand-in's requests share.
pub struct Desk<A: Account> {
    pub account: A,
    clock: Arc<dyn Clock>,
    post: Post,
    inside: Mutex<Inside<A::Books>>,
}

#[derive(Default)]
pub struct Inside<B> {
    pub books: B,
    pub replays: Replays,
    mishaps: Mishaps,
}

impl<A: Account> Desk<A> {
    pub fn inside(&self) -> MutexGuard<'_, Inside<A::Books>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something in the books, and tells what happened by it.
    pub fn change<T>(
        &self,
        inside: &mut Inside<A::Books>,
        act: impl FnOnce(&mut A::Books) -> T,
    ) -> T {
        inside.books.begin(self.clock.now() / 1_000);
        let done = act(&mut inside.books);
        for event in inside.books.news() {
            self.post.tell(event);
        }
        done
    }

    /// The same for what is asked under an idempotency key for the first time; `act` answers, too, whether the answer
    /// is kept.
    pub fn change_once(
        &self,
        inside: &mut Inside<A::Books>,
        (key, call): (&str, &Call),
        act: impl FnOnce(&mut A::Books) -> (Reply, bool),
    ) -> Reply {
        let (reply, is_kept) = self.change(inside, act);
        if is_kept {
            inside.replays.keep(key, call, &reply);
        }
        reply
    }

    fn act(&self, act: &A::Act) -> Result<Value, String> {
        self.change(&mut self.inside(), |books| self.account.act(books, act))
    }
}

impl<A: Account> Service for Desk<A> {
    fn serve(&self, call: &Call, mishap: Option<Mishap>) -> Reply {
        A::serve(self, call, mishap)
    }

    fn mishap_of(&self, call: &Call) -> Option<Mishap> {
        self.inside().mishaps.of(call.changes())
    }

    fn mishap(&self, mishap: Mishap) {
        self.inside().mishaps.add(mishap);
    }

    fn act(&self, act: Value) -> Result<Value, String> {
        let act: A::Act = serde_json::from_value(act).map_err(|error| error.to_string())?;
        Self::act(self, &act)
    }

    fn post(&self) -> &Post {
        &self.post
    }
}

/// A stand-in. Its door closes when it is dropped.
pub struct StandIn<A: Account> {
    desk: Arc<Desk<A>>,
    door: Door,
}

impl<A: Account> StandIn<A> {
    /// On any free port of this machine, for those who know the account.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(account: impl Into<A>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::start_at(ANYWHERE, account, clock).await
    }

    /// At this address, for those who know the account.
    ///
    /// # Errors
    /// When the address can't be had.
    pub async fn start_at(
        at: SocketAddr,
        account: impl Into<A>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let desk = Arc::new(Desk {
            account: account.into(),
            post: Post::new(A::seal, clock.clone()),
            clock,
            inside: Mutex::default(),
        });
        let door = Door::open(at, desk.clone()).await?;
        Ok(Self { desk, door })
    }

    /// Its books, as they are now.
    pub(crate) fn inside(&self) -> MutexGuard<'_, Inside<A::Books>> {
        self.desk.inside()
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

    /// Lets a mishap happen to the `nth` request from now on, counted from 1, whether or not it changes anything; in
    /// place of another one that waits for such a request.
    pub fn mishap_later(&self, nth: u32, mishap: Mishap) {
        self.inside().mishaps.add_later(nth, mishap);
    }

    /// Lets no such mishap happen any more; whether the last one has happened.
    pub fn forget_later(&self) -> bool {
        self.inside().mishaps.forget_later()
    }

    /// What a buyer or a bank does; answers the object that it is done to. Of Razorpay that is what the buyer's page
    /// gets: the payment, and its proof.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn act(&self, act: &A::Act) -> Result<Value, String> {
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
        self.inside().books.object(id)
    }

    /// How often money was given back of a payment, or of a payment intent.
    #[must_use]
    pub fn refunds(&self, payment: &str) -> usize {
        self.inside().books.refunds_of(payment)
    }
}
