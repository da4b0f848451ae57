//! The platform's database with types: units of work that run again after a conflict, as a plugin's request does.

mod aftermath;
mod repeat;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use stoa_kernel::answer::InFlight;
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::error::Problem;
use stoa_kernel::event::Event;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::live::Live;
use stoa_kernel::mail::{Letter, Post};
use stoa_kernel::query::{Filter, Query};
use stoa_kernel::random::{Random, ulid};
use stoa_kernel::records::{self, encode};
use stoa_kernel::retry;
use stoa_kernel::store::{Basis, CommitError, Expiry, Store, StoreError, UnitOfWork};
use stoa_kernel::units::{self, Units};
use stoa_kernel::wit::Manifest;

use crate::records::Record;
use aftermath::Aftermath;

pub use aftermath::Ending;
pub use stoa_kernel::records::{List, Stored, unavailable};

/// The platform's database, the clock, randomness and the post.
#[derive(Clone)]
pub struct Platform {
    store: Arc<dyn Store>,
    post: Arc<dyn Post>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// None where nobody listens, as in commands.
    live: Option<Arc<dyn Live>>,
    reserved: Arc<BTreeSet<TenantId>>,
    in_flight: Arc<InFlight>,
}

impl Platform {
    /// Over these ports.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        post: Arc<dyn Post>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            store,
            post,
            clock,
            random,
            live: None,
            reserved: Arc::default(),
            in_flight: Arc::default(),
        }
    }

    /// Keeps tenants from becoming organisations: those that the configuration names have data already.
    #[must_use]
    pub fn reserving(mut self, tenants: impl IntoIterator<Item = TenantId>) -> Self {
        self.reserved = Arc::new(tenants.into_iter().collect());
        self
    }

    /// Tells those who listen: connections end with their sessions, members hear of their organisation.
    #[must_use]
    pub fn telling(mut self, live: Arc<dyn Live>) -> Self {
        self.live = Some(live);
        self
    }

    /// Whether no organisation may have this tenant id.
    #[must_use]
    pub fn is_reserved(&self, tenant: &TenantId) -> bool {
        self.reserved.contains(tenant)
    }

    /// Declares a service's collections.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn declare(&self, manifest: &Manifest) -> Result<(), StoreError> {
        let collections: Vec<_> = manifest.collections.clone().into_iter().collect();
        let realm = stoa_kernel::store::Realm::Platform;
        self.store
            .declare(realm, &manifest.name, &collections)
            .await
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Randomness.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        &*self.random
    }

    /// A fresh ULID.
    #[must_use]
    pub fn fresh_id(&self) -> String {
        ulid(self.now(), &*self.random)
    }

    /// An event of the host for a tenant's plugins; see [`Unit::raise`].
    #[must_use]
    pub fn event(&self, tenant: &TenantId, name: &str, key: &str, payload: &Value) -> Event {
        Event::of_host(tenant, name, key, payload, &*self.clock, &*self.random)
    }

    /// A unit of work to read with.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn unit(&self) -> Result<Unit, StoreError> {
        let unit = self.store.begin(&TenantId::platform()).await?;
        Ok(Unit {
            unit,
            post: Arc::clone(&self.post),
            aftermath: Arc::default(),
        })
    }

    /// Runs `work` and commits what it wrote; after a conflict, again from the start. An error commits nothing,
    /// and is told only if what it rests on still holds: of two who race, the slower one may have seen half of
    /// what the faster one did.
    ///
    /// # Errors
    /// Those of `work`; 503 when the store can't be reached; 409 when others were faster all the time.
    pub async fn transact<T, F>(&self, work: impl Fn(Unit) -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>>,
    {
        units::transact(self, work).await
    }

    /// Commits, and sees to what follows from that, even if whoever asked for it goes away in between.
    async fn commit_whole(&self, unit: &Unit) -> Result<(), CommitError> {
        let Some(live) = self.live.as_ref().filter(|_| !unit.aftermath.is_empty()) else {
            return unit.unit.commit().await;
        };
        let (unit, live) = (unit.clone(), Arc::clone(live));
        let committed = tokio::spawn(async move {
            let outcome = unit.unit.commit().await;
            if matches!(outcome, Ok(()) | Err(CommitError::Unknown(_))) {
                unit.aftermath.happen(&*live);
            }
            outcome
        });
        let outcome = committed.await;
        outcome.unwrap_or_else(|error| Err(CommitError::Unknown(error.to_string())))
    }
}

impl Units for Platform {
    type Unit = Unit;

    async fn begin(&self) -> Result<Unit, Problem> {
        self.unit().await.map_err(unavailable)
    }

    fn of_store(unit: &Unit) -> &Arc<dyn UnitOfWork> {
        &unit.unit
    }

    async fn commit(&self, unit: &Unit) -> Result<(), CommitError> {
        self.commit_whole(unit).await?;
        self.post.wake();
        Ok(())
    }

    async fn pause(&self, attempt: u32) {
        tokio::time::sleep(retry::pause(attempt, &*self.random)).await;
    }
}

/// A unit of work over the platform's database.
#[derive(Clone)]
pub struct Unit {
    unit: Arc<dyn UnitOfWork>,
    post: Arc<dyn Post>,
    aftermath: Arc<Aftermath>,
}

impl Unit {
    /// What was read, to ask later whether that is still so; see [`UnitOfWork::basis`].
    #[must_use]
    pub fn basis(&self) -> Option<Arc<dyn Basis>> {
        self.unit.basis()
    }

    /// The record, or none.
    ///
    /// # Errors
    /// 503 when the store can't be reached, 500 when the document is none of this kind.
    pub async fn get<R: Record>(&self, id: &str) -> Result<Option<R>, Problem> {
        records::get(&*self.unit, &collection::<R>(), id).await
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] and [`StoreError::NotUnique`] are the caller's to tell.
    pub async fn create<R: Record>(&self, id: &str, record: &R) -> Result<(), StoreError> {
        let body = encode(record)?;
        let collection = collection::<R>();
        let created = self.unit.create(&collection, id, body, expiry(record));
        created.await.map(drop)
    }

    /// Writes a record, whether or not it exists.
    ///
    /// # Errors
    /// As [`Unit::create`].
    pub async fn put<R: Record>(&self, id: &str, record: &R) -> Result<(), StoreError> {
        let body = encode(record)?;
        let collection = collection::<R>();
        let put = self.unit.put(&collection, id, None, body, expiry(record));
        put.await.map(drop)
    }

    /// Removes a record, and ends the connections that end with it; false if there was none.
    ///
    /// # Errors
    /// 503 when the store can't be reached.
    pub async fn delete<R: Record>(&self, id: &str) -> Result<bool, Problem> {
        let deleted = self.unit.delete(&collection::<R>(), id).await;
        if let Some(ending) = R::ending(id) {
            self.end(ending);
        }
        deleted.map_err(unavailable)
    }

    /// Ends connections once the unit has committed.
    pub fn end(&self, ending: Ending) {
        self.aftermath.end(ending);
    }

    /// Lets the members of an organisation who listen hear of something once the unit has committed.
    pub fn tell(&self, tenant: &TenantId, event: &str, payload: &Value) {
        self.aftermath.tell(tenant, event, payload);
    }

    /// A page of records, and the cursor of the next one.
    ///
    /// # Errors
    /// As [`Unit::list`].
    pub async fn page<R: Record>(
        &self,
        query: &Query,
    ) -> Result<(Vec<Stored<R>>, Option<String>), Problem> {
        let list = self.list(query).await?;
        Ok((list.records, list.next_cursor))
    }

    /// A page of records with what clients are told about it.
    ///
    /// # Errors
    /// As [`Unit::get`]; 400 for a cursor that is none of this query.
    pub async fn list<R: Record>(&self, query: &Query) -> Result<List<R>, Problem> {
        records::list(&*self.unit, &collection::<R>(), query).await
    }

    /// Every record that matches, a page at a time.
    ///
    /// # Errors
    /// As [`Unit::get`].
    pub async fn all<R: Record>(&self, filter: Filter) -> Result<Vec<Stored<R>>, Problem> {
        records::all(&*self.unit, &collection::<R>(), Some(filter)).await
    }

    /// The one record that matches.
    ///
    /// # Errors
    /// As [`Unit::get`].
    pub async fn find<R: Record>(&self, filter: Filter) -> Result<Option<Stored<R>>, Problem> {
        let query = Query {
            filter: Some(filter),
            limit: 1,
            ..Query::default()
        };
        Ok(self.page(&query).await?.0.pop())
    }

    /// An event that is told if and only if the unit commits.
    ///
    /// # Errors
    /// When the unit raises too many.
    pub fn raise(&self, event: Event) -> Result<(), Problem> {
        self.unit.raise(event).map_err(unavailable)
    }

    /// A letter that leaves if and only if the unit commits.
    ///
    /// # Errors
    /// 503 when the store can't be reached.
    pub async fn post(&self, letter: &Letter) -> Result<(), Problem> {
        let queued = self.post.enqueue(&*self.unit, letter).await;
        queued.map_err(unavailable)
    }
}

fn collection<R: Record>() -> CollectionName {
    let (service, name) = R::COLLECTION;
    CollectionName::new(service, name)
}

fn expiry<R: Record>(record: &R) -> Expiry {
    record.expires_at().map_or(Expiry::Never, Expiry::At)
}
