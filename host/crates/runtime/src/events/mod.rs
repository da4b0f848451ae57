//! Events on their way to those who handle them, and turns of schedules.
//!
//! `dispatcher` is the whole. `pumps` hears of commits through the `hub` and runs a `pump` per tenant that has
//! something to do; a pump reads the tenant's outbox into `lanes` and lets a `delivery` run for what may go.
//! `aftermath` sees to failures, with `retries` and dead `letters`; `subscribers` says who is to have what.
//! `schedules` takes turns beside them, by its `timetable`; `tallying` raises what is counted of answers. See `docs/decisions/0013-how-events-travel.md`.

mod aftermath;
mod delivery;
mod dispatcher;
mod hub;
mod lanes;
mod letters;
mod pump;
mod pumps;
mod retries;
mod schedules;
mod shared;
mod subscribers;
mod tallying;
mod timetable;

use stoa_kernel::id::CollectionName;
use stoa_kernel::store::{Realm, Store, StoreError};
use stoa_wit::Collection;

use crate::artifact::HOST_PLUGIN;

pub use dispatcher::{Dispatcher, DispatcherPorts};
pub use letters::{DeadLetter, DeadLetters, LetterError};

/// Deliveries that failed and will be tried again.
const FAILURES: &str = "event_failures";
/// Deliveries that were given up.
const LETTERS: &str = "dead_letters";
/// When each schedule's next turn is due.
const SCHEDULES: &str = "schedules";
/// Which plugin has a claim on which events.
const SUBSCRIBERS: &str = "subscribers";

/// One of the host's own collections.
fn collection(name: &str) -> CollectionName {
    CollectionName::new(HOST_PLUGIN, name)
}

/// One subscriber's part in one event, as the id of a document.
fn delivery_id(event: &str, subscriber: &str) -> String {
    format!("{event}:{subscriber}")
}

/// Declares the host's own collections.
///
/// # Errors
/// The store's.
pub async fn declare(store: &dyn Store) -> Result<(), StoreError> {
    let plain = Collection::default;
    let letters = Collection {
        indexes: vec![vec!["redrive".to_owned()]],
        ..plain()
    };
    let of_events = [
        (FAILURES.to_owned(), plain()),
        (LETTERS.to_owned(), letters),
    ];
    for realm in [Realm::Tenants, Realm::Platform] {
        store.declare(realm, HOST_PLUGIN, &of_events).await?;
    }
    let schedules = [(SCHEDULES.to_owned(), plain())];
    store
        .declare(Realm::Tenants, HOST_PLUGIN, &schedules)
        .await?;
    let subscribers = [(SUBSCRIBERS.to_owned(), plain())];
    store
        .declare(Realm::Platform, HOST_PLUGIN, &subscribers)
        .await
}
