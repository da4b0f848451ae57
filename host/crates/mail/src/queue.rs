//! The queue: letters as documents of the platform's database, leased one by one.
//!
//! A letter's `dueAt` is the time before which nobody touches it: its next try, or the end of the lease of
//! whoever is sending it. So a host that dies while sending needs no clearing up after it, and of several
//! hosts one gets each letter: the lease is a commit that checks the letter's version.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::mail::Letter;
use stoa_kernel::query::{InvalidQuery, Path, Query, SortKey};
use stoa_kernel::store::{CommitError, Document, Expiry, Realm, Store, StoreError, UnitOfWork};
use stoa_kernel::wit::Collection;

/// Whose collections these are.
const OWNER: &str = "mail";
/// Letters that will be tried.
const LETTERS: &str = "letters";
/// Letters that won't.
const DEAD: &str = "dead";
/// Letters that were queued by name, so that none is queued twice.
const NAMED: &str = "named";
/// The field that says when a letter is tried; the index is over it.
const DUE_AT: &str = "dueAt";

/// How long a letter belongs to the host that sends it: more than a try may take, so that nobody else sends
/// it meanwhile; little enough that a crash delays nothing for long.
pub const LEASE_MS: Millis = 120_000;

/// How long it can be seen which letter failed and why: a month, then the address has no more business here.
pub const DEAD_KEPT_MS: Millis = 30 * 86_400_000;

/// How long the name of a letter is known: far longer than whoever asks for it goes on asking.
pub const REMEMBERED_MS: Millis = 30 * 86_400_000;

/// How often a commit is tried that removes a letter: whoever gets in between holds an outlived lease.
const REMOVE_TRIES_MAX: u32 = 3;

/// Why the queue could not be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueueError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error("a letter can't be written down: {0}")]
    Json(#[from] serde_json::Error),
}

/// A letter that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Waiting {
    pub(crate) letter: Letter,
    /// Tries that have begun.
    pub(crate) tries: u32,
    pub(crate) due_at: Millis,
    pub(crate) created_at: Millis,
    /// What the last try failed of.
    pub(crate) last_error: Option<String>,
}

/// A letter that will not be tried again. What it said is forgotten: there are links and codes in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dead<'a> {
    to: Option<&'a str>,
    template: Option<&'a str>,
    tries: u32,
    created_at: Option<Millis>,
    died_at: Millis,
    reason: &'a str,
}

/// A letter that belongs to this host until its lease ends.
#[derive(Debug)]
pub(crate) struct Leased {
    pub(crate) id: String,
    pub(crate) waiting: Waiting,
    version: u64,
}

/// The queue.
pub(crate) struct Queue {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    letters: CollectionName,
    dead: CollectionName,
    named: CollectionName,
    by_due_time: SortKey,
}

impl Queue {
    /// Over a store that knows its collections from then on.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let letters = Collection {
            indexes: vec![vec![DUE_AT.into()]],
            ..Collection::default()
        };
        let collections = [
            (LETTERS.into(), letters),
            (DEAD.into(), Collection::default()),
            (NAMED.into(), Collection::default()),
        ];
        store.declare(Realm::Platform, OWNER, &collections).await?;
        let path = Path::parse(DUE_AT).map_err(|InvalidQuery(why)| StoreError::Invalid(why))?;
        Ok(Self {
            store,
            clock,
            letters: CollectionName::new(OWNER, LETTERS),
            dead: CollectionName::new(OWNER, DEAD),
            named: CollectionName::new(OWNER, NAMED),
            by_due_time: SortKey {
                path,
                descending: false,
            },
        })
    }

    /// Adds a letter to the unit of work; it is due as soon as that commits.
    pub(crate) async fn add(
        &self,
        unit: &dyn UnitOfWork,
        id: &str,
        letter: &Letter,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let waiting = Waiting {
            letter: letter.clone(),
            tries: 0,
            due_at: now,
            created_at: now,
            last_error: None,
        };
        let body = body(&waiting).map_err(|error| StoreError::Invalid(error.to_string()))?;
        unit.create(&self.letters, id, body, Expiry::Never).await?;
        Ok(())
    }

    /// Queues a letter under a name, unless that has been done.
    pub(crate) async fn add_once(
        &self,
        name: &str,
        id: &str,
        letter: &Letter,
    ) -> Result<(), QueueError> {
        let (unit, now) = (self.begin().await?, self.clock.now());
        let ends = Expiry::At(now + REMEMBERED_MS);
        let known = serde_json::json!({ "letter": id });
        match unit.create(&self.named, name, known, ends).await {
            Err(StoreError::AlreadyExists) => return Ok(()),
            created => created?,
        };
        self.add(&*unit, id, letter).await?;
        // A conflict means that somebody else does the same: whoever asked asks again, and finds it done.
        Ok(unit.commit().await?)
    }

    /// The ids of up to `limit` letters whose time has come, the longest overdue first.
    ///
    /// The question is always the same, so that the store answers it from its cache while nothing changes.
    pub(crate) async fn due(&self, limit: u32) -> Result<Vec<String>, QueueError> {
        let query = Query {
            sort: vec![self.by_due_time.clone()],
            limit,
            ..Query::default()
        };
        let unit = self.begin().await?;
        let page = unit.query(&self.letters, &query).await?;
        let now = self.clock.now();
        // One that can't be read is due: whoever leases it buries it.
        let is_due =
            |document: &Document| read(document).map_or(true, |waiting| waiting.due_at <= now);
        let due = page.items.iter().filter(|document| is_due(document));
        Ok(due.map(|document| document.id.to_string()).collect())
    }

    /// Takes a letter for [`LEASE_MS`]; none when another host was faster.
    pub(crate) async fn lease(&self, id: &str) -> Result<Option<Leased>, QueueError> {
        let (unit, now) = (self.begin().await?, self.clock.now());
        let Some(document) = unit.get(&self.letters, id).await? else {
            return Ok(None);
        };
        let Ok(mut waiting) = read(&document) else {
            tracing::error!(letter = id, "a letter in the queue can't be read");
            let dead = Dead {
                to: None,
                template: None,
                tries: 0,
                created_at: None,
                died_at: now,
                reason: "unreadable",
            };
            self.replace(&*unit, id, &dead).await?;
            return Ok(None);
        };
        if waiting.due_at > now {
            return Ok(None);
        }
        waiting.tries += 1;
        waiting.due_at = now + LEASE_MS;
        let version = unit
            .put(
                &self.letters,
                id,
                Some(document.version),
                body(&waiting)?,
                Expiry::Never,
            )
            .await?;
        match unit.commit().await {
            Ok(()) => Ok(Some(Leased {
                id: id.to_owned(),
                waiting,
                version,
            })),
            Err(CommitError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets a letter that was sent, whoever holds it by now.
    pub(crate) async fn remove(&self, leased: &Leased) -> Result<(), QueueError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let unit = self.begin().await?;
            unit.delete(&self.letters, &leased.id).await?;
            match unit.commit().await {
                Err(CommitError::Conflict) if tries < REMOVE_TRIES_MAX => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Puts a letter back until `due_at`.
    pub(crate) async fn postpone(
        &self,
        leased: &Leased,
        due_at: Millis,
        reason: &str,
    ) -> Result<(), QueueError> {
        let waiting = Waiting {
            due_at,
            last_error: Some(reason.to_owned()),
            ..leased.waiting.clone()
        };
        let unit = self.begin().await?;
        let body = body(&waiting)?;
        let written = unit
            .put(
                &self.letters,
                &leased.id,
                Some(leased.version),
                body,
                Expiry::Never,
            )
            .await;
        if is_taken_over(&written) {
            return Ok(());
        }
        written?;
        settled(unit.commit().await)
    }

    /// Gives a letter up.
    pub(crate) async fn bury(&self, leased: &Leased, reason: &str) -> Result<(), QueueError> {
        let unit = self.begin().await?;
        match unit.get(&self.letters, &leased.id).await? {
            Some(document) if document.version == leased.version => {}
            _ => return Ok(()),
        }
        let dead = Dead {
            to: Some(&leased.waiting.letter.to),
            template: Some(&leased.waiting.letter.template),
            tries: leased.waiting.tries,
            created_at: Some(leased.waiting.created_at),
            died_at: self.clock.now(),
            reason,
        };
        self.replace(&*unit, &leased.id, &dead).await
    }

    /// A dead one instead of one that waits.
    async fn replace(
        &self,
        unit: &dyn UnitOfWork,
        id: &str,
        dead: &Dead<'_>,
    ) -> Result<(), QueueError> {
        let expiry = Expiry::At(dead.died_at + DEAD_KEPT_MS);
        unit.delete(&self.letters, id).await?;
        unit.put(&self.dead, id, None, body(dead)?, expiry).await?;
        settled(unit.commit().await)
    }

    async fn begin(&self) -> Result<Arc<dyn UnitOfWork>, StoreError> {
        self.store.begin(&TenantId::platform()).await
    }
}

fn read(document: &Document) -> Result<Waiting, serde_json::Error> {
    serde_json::from_str(&document.body)
}

fn body<T: Serialize>(record: &T) -> Result<Value, serde_json::Error> {
    serde_json::to_value(record)
}

/// Whether somebody else has the letter, or has dealt with it, since our lease ended.
const fn is_taken_over(written: &Result<u64, StoreError>) -> bool {
    matches!(
        written,
        Err(StoreError::NotFound | StoreError::VersionMismatch(_))
    )
}

/// A conflict means that somebody else has the letter by now: then it is theirs to deal with.
fn settled(committed: Result<(), CommitError>) -> Result<(), QueueError> {
    match committed {
        Ok(()) | Err(CommitError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
