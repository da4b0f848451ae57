//! What the engine's errors mean to the store.

use stoa_kernel::store::StoreError;
use surrealdb::IndexedResults;
use surrealdb::types::{AlreadyExistsError, QueryError};

/// The text by which a commit script says that a version is not the expected one.
pub(crate) const STALE: &str = "stoa:stale";

/// The text by which a commit script says that an event waits no longer.
pub(crate) const GONE: &str = "stoa:gone";

/// Why a statement failed, as far as the store acts on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// Another transaction got in between, or a version check failed. Nothing was written.
    #[error("a concurrent transaction got in between")]
    Conflict,
    /// The event that this handles has left the outbox. Nothing was written.
    #[error("the event waits no longer")]
    Gone,
    /// This record exists. Nothing was written.
    #[error("record {0} exists")]
    Exists(String),
    /// A unique index has the value already. Nothing was written.
    #[error("{0}")]
    NotUnique(String),
    /// It may or may not have been written.
    #[error("{0}")]
    Unknown(String),
    /// Anything else; `last` when it came from the last statement, which is the one that commits.
    #[error("{message}")]
    Failed {
        /// The engine's words.
        message: String,
        /// Whether the last statement of the script failed.
        last: bool,
    },
}

impl Fault {
    /// A failure that is no statement's.
    pub(crate) fn failed(message: impl ToString) -> Self {
        Self::Failed {
            message: message.to_string(),
            last: false,
        }
    }

    /// Whether it may have been written all the same.
    pub(crate) const fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::Failed { last: true, .. })
    }
}

impl From<surrealdb::Error> for Fault {
    fn from(error: surrealdb::Error) -> Self {
        let message = error.message();
        // These quote what was written, so they come before whatever is told by its words.
        if let Some(AlreadyExistsError::Record { id }) = error.already_exists_details() {
            return Self::Exists(id.clone());
        }
        if message.starts_with("Database index") && message.contains("already contains") {
            return Self::NotUnique(message.into());
        }
        let conflicts = [
            "Transaction conflict",
            "Transaction retry required",
            "can be retried",
        ];
        if error.query_details() == Some(&QueryError::TransactionConflict)
            || conflicts.iter().any(|text| message.contains(text))
            || (error.is_thrown() && message.contains(STALE))
        {
            return Self::Conflict;
        }
        if error.is_thrown() && message.contains(GONE) {
            return Self::Gone;
        }
        if message.contains("outcome is unknown") || error.is_connection() {
            return Self::Unknown(message.into());
        }
        Self::failed(message)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(fault.to_string())
    }
}

/// The error that made a script fail: the first one that is not merely a consequence of another.
pub(crate) fn root_fault(results: &mut IndexedResults) -> Option<Fault> {
    let last = results.num_statements().saturating_sub(1);
    let mut errors: Vec<_> = results.take_errors().into_iter().collect();
    errors.sort_by_key(|(index, _)| *index);
    let root = errors
        .iter()
        .position(|(_, error)| error.query_details() != Some(&QueryError::NotExecuted))
        .unwrap_or(0);
    let (index, error) = errors.into_iter().nth(root)?;
    Some(match Fault::from(error) {
        Fault::Failed { message, .. } => Fault::Failed {
            message,
            last: index == last,
        },
        other => other,
    })
}
