//! `Collection<T>`: one of the manifest's collections, holding documents of type `T`.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Aggregate, Query, StorageError};
use crate::bindings::stoa::storage::storage as wire;
use crate::host::storage as host;

/// A document and what the host keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// Its id within the collection.
    pub id: String,
    /// Grows by one with each committed request that wrote it.
    pub version: u64,
    /// The document.
    pub value: T,
}

/// A collection of the manifest.
#[derive(Debug)]
pub struct Collection<T> {
    name: &'static str,
    of: PhantomData<fn() -> T>,
}

// Derived, these would ask the same of the documents' type.
impl<T> Clone for Collection<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Collection<T> {}

type Result<T> = std::result::Result<T, StorageError>;

impl<T> Collection<T> {
    /// The collection that the manifest calls so.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            of: PhantomData,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Removes a document; false if there was none.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn delete(&self, id: &str) -> Result<bool> {
        Ok(host::delete(self.name, id)?)
    }

    /// Adds to an integer field (missing counts as 0) and answers its new value.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], and [`StorageError::Invalid`] for a field that is no integer.
    pub fn increment(&self, id: &str, path: &str, by: i64) -> Result<i64> {
        Ok(host::increment(self.name, id, path, by)?)
    }

    /// Takes from an integer field if it holds that much, and answers what is left; none if it holds less.
    ///
    /// # Errors
    /// As [`Collection::increment`].
    pub fn take_if_at_least(&self, id: &str, path: &str, amount: i64) -> Result<Option<i64>> {
        Ok(host::take_if_at_least(self.name, id, path, amount)?)
    }

    /// A calculation over documents.
    #[must_use]
    pub fn aggregate(&self) -> Aggregate {
        Aggregate::new(self.name)
    }
}

impl<T: DeserializeOwned> Collection<T> {
    /// The document, or none.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn get(&self, id: &str) -> Result<Option<T>> {
        Ok(self.get_versioned(id)?.map(|stored| stored.value))
    }

    /// The document with its version, or none.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn get_versioned(&self, id: &str) -> Result<Option<Stored<T>>> {
        host::get(self.name, id)?.map(read).transpose()
    }

    /// Those of the documents that exist, in the order of `ids`; at most 200.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn get_many(&self, ids: &[String]) -> Result<Vec<Stored<T>>> {
        host::get_many(self.name, ids)?
            .into_iter()
            .map(read)
            .collect()
    }

    /// The document, or the type's default.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn get_or_default(&self, id: &str) -> Result<T>
    where
        T: Default,
    {
        Ok(self.get(id)?.unwrap_or_default())
    }

    /// Merges a JSON object into the document (RFC 7396) and answers the result.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] among others.
    pub fn patch(&self, id: &str, merge: &Value) -> Result<Stored<T>> {
        read(host::patch(self.name, id, &merge.to_string())?)
    }

    /// A query over the collection.
    #[must_use]
    pub fn query(&self) -> Query<T> {
        Query::new(*self)
    }
}

impl<T> Collection<T>
where
    T: Serialize,
{
    /// Adds a document and answers its version.
    ///
    /// # Errors
    /// [`StorageError::AlreadyExists`] and [`StorageError::NotUnique`] among others.
    pub fn create(&self, id: &str, value: &T) -> Result<u64> {
        Ok(host::create(self.name, id, &write(value)?, None)?)
    }

    /// Adds a document that ends at a time in milliseconds.
    ///
    /// # Errors
    /// As [`Collection::create`].
    pub fn create_until(&self, id: &str, value: &T, expires_at_ms: u64) -> Result<u64> {
        Ok(host::create(
            self.name,
            id,
            &write(value)?,
            Some(expires_at_ms),
        )?)
    }

    /// Writes a document whether or not it exists, and answers its version.
    ///
    /// # Errors
    /// [`StorageError::NotUnique`] among others.
    pub fn put(&self, id: &str, value: &T) -> Result<u64> {
        Ok(host::put(self.name, id, &write(value)?, None)?)
    }

    /// Writes a document that ends at a time in milliseconds.
    ///
    /// # Errors
    /// As [`Collection::put`].
    pub fn put_until(&self, id: &str, value: &T, expires_at_ms: u64) -> Result<u64> {
        Ok(host::put(
            self.name,
            id,
            &write(value)?,
            Some(expires_at_ms),
        )?)
    }

    /// Writes a document if it still has this version.
    ///
    /// # Errors
    /// [`StorageError::VersionMismatch`] and [`StorageError::NotFound`] among others.
    pub fn put_if_version(&self, id: &str, version: u64, value: &T) -> Result<u64> {
        Ok(host::put_if_version(
            self.name,
            id,
            version,
            &write(value)?,
            None,
        )?)
    }
}

fn write<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StorageError::Malformed(error.to_string()))
}

pub(super) fn read<T: DeserializeOwned>(document: wire::Document) -> Result<Stored<T>> {
    let value = serde_json::from_str(&document.body)
        .map_err(|error| StorageError::Malformed(format!("document {}: {error}", document.id)))?;
    Ok(Stored {
        id: document.id,
        version: document.version,
        value,
    })
}
