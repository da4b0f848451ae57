//! The port of the store: a unit of work per request, and what surrounds it.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use stoa_wit::Collection;

use crate::answer::StoredAnswer;
use crate::clock::Millis;
use crate::event::Event;
use crate::id::{CollectionName, TenantId};
use crate::query::{Aggregate, Page, Query};

/// A stored document. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its id within the collection.
    pub id: Arc<str>,
    /// Grows by one with each committed request that wrote it; starts at 1.
    pub version: u64,
    /// A JSON object, as text.
    pub body: Arc<str>,
}

/// Why the store refused a call. None of these ends the unit of work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No such document.
    #[error("there is no such document")]
    NotFound,
    /// The id is taken.
    #[error("the document exists")]
    AlreadyExists,
    /// The unique fields named here are taken, joined with `,`.
    #[error("another document has the same {0}")]
    NotUnique(String),
    /// The document has this version instead of the expected one.
    #[error("the document has version {0}")]
    VersionMismatch(u64),
    /// An argument is malformed.
    #[error("{0}")]
    Invalid(String),
    /// A bound of the request is used up.
    #[error("{0}")]
    Limit(String),
    /// The engine can't be reached or failed.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// Why a commit failed. Nothing was written in any case but [`CommitError::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Somebody else changed what this request read or wrote: run it again.
    #[error("a concurrent request got in between")]
    Conflict,
    /// The answer of this idempotency key was stored meanwhile: look it up. Or the event was handled.
    #[error("this was done meanwhile")]
    Answered,
    /// The engine can't be reached or failed.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The engine went away in the middle; the commit may or may not have happened.
    #[error("the outcome of the commit is unknown: {0}")]
    Unknown(String),
}

/// When a written document ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// At this time.
    At(Millis),
    /// When it ended before; never if it is new.
    Kept,
}

/// Which databases a collection is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Realm {
    /// Every tenant's.
    Tenants,
    /// The platform's, [`TenantId::platform`].
    Platform,
}

/// The writes of one request and the versions of what it read.
///
/// Reads answer committed state plus the request's own writes. Nothing reaches the database before
/// [`UnitOfWork::commit`], and no database transaction is open meanwhile. Dropping it discards everything.
/// Documents whose expiry has passed are absent in every answer.
#[async_trait]
pub trait UnitOfWork: Send + Sync {
    /// From here on presumes that what is created is new, and that unique values are free, unless it is known here
    /// that they are not. Spares a question to the database for each. Where the presumption is wrong, the commit ends in
    /// [`CommitError::Conflict`]: to be called only by who then runs everything again without it.
    fn presume_new(&self) {}
    /// Whether anything was presumed so far. What can't be taken back, such as a request to a service elsewhere,
    /// has to wait for a run in which nothing is.
    fn has_presumed(&self) -> bool {
        false
    }
    /// Has its commit go before those of others that wait: for what was undone by a conflict and is done again, and has waited
    /// once already.
    fn hurry(&self) {}
    /// The document, or none.
    async fn get(
        &self,
        collection: &CollectionName,
        id: &str,
    ) -> Result<Option<Document>, StoreError>;
    /// Those that exist, in the order of `ids`; at most [`crate::limits::GET_MANY_MAX`].
    async fn get_many(
        &self,
        collection: &CollectionName,
        ids: &[String],
    ) -> Result<Vec<Document>, StoreError>;
    /// Adds a document and answers its version, which is 1.
    async fn create(
        &self,
        collection: &CollectionName,
        id: &str,
        body: Value,
        expiry: Expiry,
    ) -> Result<u64, StoreError>;
    /// Writes a document and answers its version. Without `version`, whether or not it exists.
    async fn put(
        &self,
        collection: &CollectionName,
        id: &str,
        version: Option<u64>,
        body: Value,
        expiry: Expiry,
    ) -> Result<u64, StoreError>;
    /// Merges into the document (RFC 7396) and answers the result. Keeps the expiry if `expiry` is none.
    async fn patch(
        &self,
        collection: &CollectionName,
        id: &str,
        merge: Value,
        expiry: Option<Expiry>,
    ) -> Result<Document, StoreError>;
    /// Removes the document; false if there was none.
    async fn delete(&self, collection: &CollectionName, id: &str) -> Result<bool, StoreError>;
    /// Adds to an integer field (missing counts as 0) and answers its new value.
    async fn increment(
        &self,
        collection: &CollectionName,
        id: &str,
        path: &str,
        by: i64,
    ) -> Result<i64, StoreError>;
    /// Subtracts if there is that much and answers what is left; none if there is less.
    async fn take_if_at_least(
        &self,
        collection: &CollectionName,
        id: &str,
        path: &str,
        amount: i64,
    ) -> Result<Option<i64>, StoreError>;
    /// A page, own writes included.
    async fn query(&self, collection: &CollectionName, query: &Query) -> Result<Page, StoreError>;
    /// Rows of an aggregate, own writes included.
    async fn aggregate(
        &self,
        collection: &CollectionName,
        aggregate: &Aggregate,
    ) -> Result<Vec<Value>, StoreError>;
    /// Adds an event to the outbox. Only a unit over the platform's database may name a tenant in it.
    fn raise(&self, event: Event) -> Result<(), StoreError>;
    /// Marks an event as handled by a subscriber. The commit fails with [`CommitError::Answered`] if it has
    /// that mark already, or waits in the outbox no longer.
    fn handled(&self, event: &str, subscriber: &str);
    /// Stores the request's answer under its idempotency key, together with its writes.
    fn keep_answer(&self, id: &str, answer: StoredAnswer);
    /// How far the unit of work has come; [`UnitOfWork::rollback_to`] returns there. A call from plugin
    /// to plugin that ends in a trap is undone this way while its caller goes on.
    fn savepoint(&self) -> usize;
    /// Forgets the writes and events since the savepoint. What was read stays to be checked.
    fn rollback_to(&self, savepoint: usize);
    /// Makes everything durable, or nothing. A second call has nothing left to do.
    async fn commit(&self) -> Result<(), CommitError>;
    /// What it has read, to ask later whether that is still so. None when it wrote, or when time alone may
    /// change what its queries found.
    fn basis(&self) -> Option<Arc<dyn Basis>>;
}

/// The documents that a unit of work read and the collections that it queried, as they were.
pub trait Basis: Send + Sync {
    /// Whether all of it is as it was. False as well when that is not known without asking the database.
    fn holds(&self) -> bool;

    /// About how many bytes of memory it takes.
    fn bytes(&self) -> usize;
}

/// Documents of one collection whose ids begin in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The collection.
    pub collection: CollectionName,
    /// How the ids begin; all of them if this is empty.
    pub prefix: String,
}

/// How much is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Documents.
    pub documents: u64,
    /// Bytes of their bodies and ids.
    pub bytes: u64,
}

/// The store.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// A new unit of work over a tenant's data, or over the platform's. Makes the database if it is missing.
    async fn begin(&self, tenant: &TenantId) -> Result<Arc<dyn UnitOfWork>, StoreError>;

    /// Declares collections of a plugin or service, in place of what was declared under their names: every database of
    /// the realm has their tables and indexes before a unit of work sees them, and loses indexes that are declared no
    /// longer. No table is ever dropped. Where documents of a database share a value of a new unique list, that plugin's
    /// collections stay there as they were, and are unavailable if they were not there; [`Store::prepare`] says so.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for names that can't be a collection's or a field's.
    async fn declare(
        &self,
        realm: Realm,
        plugin: &str,
        collections: &[(String, Collection)],
    ) -> Result<(), StoreError>;

    /// A collection as it was declared last, since the store was opened.
    fn declaration(&self, realm: Realm, collection: &CollectionName) -> Option<Collection>;

    /// Brings a tenant's database to what is declared of a plugin, so that no unit of work has to wait for its indexes.
    ///
    /// # Errors
    /// [`StoreError::NotUnique`] when its documents share a value of a unique list; [`StoreError::Unavailable`].
    async fn prepare(&self, tenant: &TenantId, plugin: &str) -> Result<(), StoreError>;

    /// The answer stored under an idempotency key, unless it has expired.
    async fn stored_answer(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<StoredAnswer>, StoreError>;

    /// The tenants that have a database; the platform is none of them.
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError>;

    /// Removes up to a batch of expired documents and answers from every database; how many it removed.
    async fn sweep(&self) -> Result<u64, StoreError>;

    /// How much is stored in these stretches of a tenant's collections, documents included that have expired and wait to be
    /// removed. Reads them; it counts no further than `enough` bytes.
    async fn extent(
        &self,
        tenant: &TenantId,
        stretches: &[Stretch],
        enough: u64,
    ) -> Result<Extent, StoreError>;

    /// The events that wait for delivery in a tenant's outbox, in the order of their ids: for operators and tests.
    async fn outbox(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// Whether the engine answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Ends the engine in order, waiting for what is under way.
    async fn shutdown(&self);
}
