//! Dead letters: deliveries that were given up, with all that is needed to make them once more.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_kernel::clock::Millis;
use stoa_kernel::event::Event;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::PAGE_LIMIT_MAX;
use stoa_kernel::query::{Filter, Path, Query};
use stoa_kernel::store::{CommitError, Expiry, Store, StoreError};

use super::{FAILURES, LETTERS, collection, declare, delivery_id};

/// How often a change of a letter is made again after a conflict.
const TRIES_MAX: u32 = 10;

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The event, as it was.
    pub event: Event,
    /// Who failed to handle it.
    pub subscriber: String,
    /// How often it failed.
    pub attempts: u32,
    /// Why it failed the last time.
    pub reason: String,
    /// When it was given up.
    pub died_at: Millis,
    /// Whether an operator wants it delivered once more.
    pub redrive: bool,
}

impl DeadLetter {
    /// By this it is known within its tenant.
    #[must_use]
    pub fn id(&self) -> String {
        delivery_id(&self.event.id, &self.subscriber)
    }
}

/// Why a dead letter could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// There is none of this id.
    #[error("there is no such dead letter")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store failed at the end.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A document of the host can't be read.
    #[error("a dead letter can't be read: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// The dead letters of all tenants.
#[derive(Clone)]
pub struct DeadLetters {
    store: Arc<dyn Store>,
}

impl DeadLetters {
    /// Those of a store.
    ///
    /// # Errors
    /// The store's.
    pub async fn open(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        declare(&*store).await?;
        Ok(Self { store })
    }

    /// Up to a page of a tenant's, with the cursor of the next one.
    ///
    /// # Errors
    /// The store's.
    pub async fn page(
        &self,
        tenant: &TenantId,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<(Vec<DeadLetter>, Option<String>), LetterError> {
        self.find(tenant, None, cursor, limit).await
    }

    /// Those that are to be delivered once more, up to a page, with the cursor of the next one.
    pub(super) async fn redriven(
        &self,
        tenant: &TenantId,
        cursor: Option<String>,
    ) -> Result<(Vec<DeadLetter>, Option<String>), LetterError> {
        let path =
            Path::parse("redrive").map_err(|error| StoreError::Invalid(error.to_string()))?;
        let wanted = Filter::Eq(path, Value::Bool(true));
        self.find(tenant, Some(wanted), cursor, PAGE_LIMIT_MAX)
            .await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        filter: Option<Filter>,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<(Vec<DeadLetter>, Option<String>), LetterError> {
        let unit = self.store.begin(tenant).await?;
        let query = Query {
            filter,
            cursor,
            limit,
            ..Query::default()
        };
        let page = unit.query(&collection(LETTERS), &query).await?;
        let read = page.items.iter();
        let letters = read.map(|item| serde_json::from_str(&item.body));
        Ok((letters.collect::<Result<_, _>>()?, page.next_cursor))
    }

    /// Gives a delivery up: the letter, the mark that lets its key go on, and the end of the record of its
    /// failures, all together.
    pub(super) async fn bury(
        &self,
        tenant: &TenantId,
        letter: &DeadLetter,
    ) -> Result<(), LetterError> {
        let body = serde_json::to_value(letter)?;
        let id = letter.id();
        let mut tried = 1;
        loop {
            let unit = self.store.begin(tenant).await?;
            let letters = collection(LETTERS);
            unit.put(&letters, &id, None, body.clone(), Expiry::Never)
                .await?;
            unit.delete(&collection(FAILURES), &id).await?;
            unit.handled(&letter.event.id, &letter.subscriber);
            match unit.commit().await {
                Err(CommitError::Conflict) if tried < TRIES_MAX => tried += 1,
                // Somebody else has handled it, or given it up.
                Ok(()) | Err(CommitError::Answered) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Lets a letter be delivered once more: at once if the host runs, else when it starts. It waits for no other
    /// event of its key, and none waits for it: its key has gone on.
    ///
    /// # Errors
    /// [`LetterError`].
    pub async fn redrive(&self, tenant: &TenantId, id: &str) -> Result<(), LetterError> {
        self.change(tenant, id, |letter| letter.redrive = true)
            .await
    }

    /// A letter that was delivered once more has failed again.
    pub(super) async fn failed_again(
        &self,
        tenant: &TenantId,
        id: &str,
        reason: &str,
    ) -> Result<(), LetterError> {
        self.change(tenant, id, |letter| {
            letter.redrive = false;
            letter.attempts += 1;
            letter.reason = reason.to_owned();
        })
        .await
    }

    async fn change(
        &self,
        tenant: &TenantId,
        id: &str,
        change: impl Fn(&mut DeadLetter),
    ) -> Result<(), LetterError> {
        let letters = collection(LETTERS);
        let mut tried = 1;
        loop {
            let unit = self.store.begin(tenant).await?;
            let document = unit.get(&letters, id).await?.ok_or(LetterError::NotFound)?;
            let mut letter: DeadLetter = serde_json::from_str(&document.body)?;
            change(&mut letter);
            let body = serde_json::to_value(&letter)?;
            unit.put(&letters, id, None, body, Expiry::Never).await?;
            match unit.commit().await {
                Err(CommitError::Conflict) if tried < TRIES_MAX => tried += 1,
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Removes a letter for good.
    ///
    /// # Errors
    /// [`LetterError`].
    pub async fn drop(&self, tenant: &TenantId, id: &str) -> Result<(), LetterError> {
        let unit = self.store.begin(tenant).await?;
        if !unit.delete(&collection(LETTERS), id).await? {
            return Err(LetterError::NotFound);
        }
        Ok(unit.commit().await?)
    }
}
