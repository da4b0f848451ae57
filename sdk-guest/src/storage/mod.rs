//! Documents of the plugin's own collections, typed.

mod aggregate;
mod collection;
mod filter;
mod query;

pub use aggregate::Aggregate;
pub use collection::{Collection, Stored};
pub use filter::{
    Filter, and, any, contains, eq, ge, gt, le, lt, ne, not, one_of, or, prefix, text,
};
pub use query::{Page, Query};

use crate::bindings::stoa::storage::storage as wire;

/// Why a call was refused. It turns into a fitting [`crate::Problem`] with `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageError {
    /// The manifest has no such collection.
    Denied(String),
    /// No document has this id.
    NotFound,
    /// A document with this id exists.
    AlreadyExists,
    /// Another document has the same values in these unique fields.
    NotUnique(String),
    /// The document has this version instead of the expected one.
    VersionMismatch(u64),
    /// An argument is malformed.
    Invalid(String),
    /// A limit of the request is used up.
    Limit(String),
    /// The store can't be reached.
    Unavailable(String),
    /// A stored document is not of the collection's type.
    Malformed(String),
    /// Anything else.
    Other(String),
}

impl From<wire::Error> for StorageError {
    fn from(error: wire::Error) -> Self {
        match error {
            wire::Error::Denied(reason) => Self::Denied(reason),
            wire::Error::NotFound => Self::NotFound,
            wire::Error::AlreadyExists => Self::AlreadyExists,
            wire::Error::NotUnique(fields) => Self::NotUnique(fields),
            wire::Error::VersionMismatch(version) => Self::VersionMismatch(version),
            wire::Error::Invalid(reason) => Self::Invalid(reason),
            wire::Error::Limit(reason) => Self::Limit(reason),
            wire::Error::Unavailable(reason) => Self::Unavailable(reason),
            wire::Error::Other(reason) => Self::Other(reason),
        }
    }
}

impl std::fmt::Display for StorageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for StorageError {}
