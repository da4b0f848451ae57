//! The registry's part of the platform's database, with types: units of work that run again after a conflict.

use std::sync::Arc;

use stoa_kernel::answer::{IdempotencyKey, StoredAnswer};
use stoa_kernel::call::Response;
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::deployment::Scope;
use stoa_kernel::error::Problem;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::query::{Filter, Path, Query, SortKey};
use stoa_kernel::random::{Random, ulid};
use stoa_kernel::records::{self, RETRY_AFTER_S, encode};
use stoa_kernel::retry;
use stoa_kernel::store::{CommitError, Expiry, Realm, Store, StoreError, UnitOfWork};
use stoa_kernel::units::{self, Units};
use stoa_kernel::wit::Manifest;

use crate::records::{Audit, NEWEST, Newest, REGISTRY, Record};

pub use stoa_kernel::records::{List, Stored, unavailable};

/// The registry's database, the clock and randomness.
#[derive(Clone)]
pub struct Books {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

impl Books {
    pub async fn declare(&self, manifest: &Manifest) -> Result<(), StoreError> {
        let collections: Vec<_> = manifest.collections.clone().into_iter().collect();
        let declared = self.store.declare(Realm::Platform, REGISTRY, &collections);
        declared.await
    }

    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    pub async fn unit(&self) -> Result<Unit, Problem> {
        let begun = self.store.begin(&TenantId::platform()).await;
        begun.map(Unit).map_err(unavailable)
    }

    /// Runs `work` and commits what it wrote; after a conflict, again from the start. An error commits nothing,
    /// and is told only if what it rests on still holds.
    pub async fn transact<T, F>(&self, work: impl Fn(Unit) -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>>,
    {
        units::transact(self, work).await
    }

    /// Writes down who did what, as part of the unit that does it, and that there is something new for other hosts.
    pub async fn note(&self, unit: &Unit, note: Note<'_>) -> Result<(), Problem> {
        let now = self.now();
        let row = Audit {
            at: now,
            who: note.who.to_owned(),
            what: note.what.to_owned(),
            scope: note.scope.map(ToString::to_string).unwrap_or_default(),
            about: note.about.to_owned(),
            detail: note.detail,
        };
        let created = unit.create(&ulid(now, &*self.random), &row).await;
        created.map_err(unavailable)?;
        let newest: Newest = unit.get(NEWEST).await?.unwrap_or_default();
        let number = newest.number.saturating_add(1);
        unit.put(NEWEST, &Newest { number }).await
    }

    /// The answer that a repetition is told, if this is one.
    pub async fn told(&self, key: &IdempotencyKey) -> Result<Option<Response>, Problem> {
        let platform = TenantId::platform();
        let stored = self.store.stored_answer(&platform, &key.id).await;
        let stored = stored.map_err(unavailable)?;
        stored.map(|answer| answer.told(key)).transpose()
    }

    /// Keeps an answer for repetitions.
    pub async fn keep(&self, key: &IdempotencyKey, response: &Response) -> Result<(), Problem> {
        let unit = self.unit().await?;
        let answer = StoredAnswer::of(key, response, self.now())?;
        unit.0.keep_answer(&key.id, answer);
        match unit.0.commit().await {
            Ok(()) | Err(CommitError::Answered) => Ok(()),
            Err(error) => Err(Problem::unavailable(RETRY_AFTER_S, error.to_string())),
        }
    }
}

/// What the audit should say.
pub struct Note<'a> {
    pub who: &'a str,
    pub what: &'a str,
    pub scope: Option<&'a Scope>,
    pub about: &'a str,
    pub detail: String,
}

impl Units for Books {
    type Unit = Unit;

    async fn begin(&self) -> Result<Unit, Problem> {
        self.unit().await
    }

    fn of_store(unit: &Unit) -> &Arc<dyn UnitOfWork> {
        &unit.0
    }

    async fn commit(&self, unit: &Unit) -> Result<(), CommitError> {
        unit.0.commit().await
    }

    async fn pause(&self, attempt: u32) {
        tokio::time::sleep(retry::pause(attempt, &*self.random)).await;
    }
}

/// A unit of work over the platform's database.
#[derive(Clone)]
pub struct Unit(Arc<dyn UnitOfWork>);

impl Unit {
    /// The record, or none.
    pub async fn get<R: Record>(&self, id: &str) -> Result<Option<R>, Problem> {
        records::get(&*self.0, &collection::<R>(), id).await
    }

    /// Adds a record. That it exists is the caller's to tell.
    pub async fn create<R: Record>(&self, id: &str, record: &R) -> Result<(), StoreError> {
        let body = encode(record)?;
        let collection = collection::<R>();
        let created = self.0.create(&collection, id, body, Expiry::Never);
        created.await.map(drop)
    }

    /// Writes a record, whether or not it exists.
    pub async fn put<R: Record>(&self, id: &str, record: &R) -> Result<(), Problem> {
        let body = encode(record).map_err(unavailable)?;
        let collection = collection::<R>();
        let put = self.0.put(&collection, id, None, body, Expiry::Never);
        put.await.map(drop).map_err(unavailable)
    }

    /// Removes a record; whether there was one.
    pub async fn delete<R: Record>(&self, id: &str) -> Result<bool, Problem> {
        let deleted = self.0.delete(&collection::<R>(), id).await;
        deleted.map_err(unavailable)
    }

    /// A page of records with what clients are told about it.
    pub async fn list<R: Record>(&self, query: &Query) -> Result<List<R>, Problem> {
        records::list(&*self.0, &collection::<R>(), query).await
    }

    /// Every record that matches, a page at a time.
    pub async fn all<R: Record>(&self, filter: Option<Filter>) -> Result<Vec<Stored<R>>, Problem> {
        records::all(&*self.0, &collection::<R>(), filter).await
    }
}

/// All of these fields have these values.
pub fn equal(pairs: &[(&str, &str)]) -> Result<Filter, Problem> {
    let conditions = pairs
        .iter()
        .map(|(field, value)| Ok(Filter::Eq(path(field)?, (*value).into())));
    Ok(Filter::And(conditions.collect::<Result<_, Problem>>()?))
}

/// Sorted by this field.
pub fn by(field: &str, descending: bool) -> Result<Vec<SortKey>, Problem> {
    let path = path(field)?;
    Ok(vec![SortKey { path, descending }])
}

/// A field.
pub fn path(text: &str) -> Result<Path, Problem> {
    Path::parse(text).map_err(|error| Problem::internal(error.to_string()))
}

fn collection<R: Record>() -> CollectionName {
    CollectionName::new(REGISTRY, R::COLLECTION)
}
