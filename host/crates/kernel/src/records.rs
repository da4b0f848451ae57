//! Documents of a known shape, for the host's own services: what they read and write of the platform's database.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Problem;
use crate::id::CollectionName;
use crate::limits::PAGE_LIMIT_MAX;
use crate::query::{Filter, Query};
use crate::store::{StoreError, UnitOfWork};

/// Seconds after which a client should come back when the store could not answer.
pub const RETRY_AFTER_S: u32 = 1;

/// A record with its id.
#[derive(Debug, Clone)]
pub struct Stored<R> {
    /// Its id.
    pub id: String,
    /// It.
    pub record: R,
}

/// A page of records.
#[derive(Debug, Clone)]
pub struct List<R> {
    /// The records.
    pub records: Vec<Stored<R>>,
    /// All that match, when the query asked for it.
    pub total: u64,
    /// Present when there are more.
    pub next_cursor: Option<String>,
}

/// The record, or none.
///
/// # Errors
/// 503 when the store can't be reached, 500 when the document is none of this kind.
pub async fn get<R: DeserializeOwned>(
    unit: &dyn UnitOfWork,
    collection: &CollectionName,
    id: &str,
) -> Result<Option<R>, Problem> {
    let found = unit.get(collection, id).await.map_err(unavailable)?;
    found
        .map(|document| decode(collection, &document.body))
        .transpose()
}

/// A page of records with what clients are told about it.
///
/// # Errors
/// As [`get`]; 400 for a cursor that is none of this query.
pub async fn list<R: DeserializeOwned>(
    unit: &dyn UnitOfWork,
    collection: &CollectionName,
    query: &Query,
) -> Result<List<R>, Problem> {
    let page = unit.query(collection, query).await;
    let page = page.map_err(|error| match error {
        // Of all that a query names only the cursor comes from outside.
        StoreError::Invalid(reason) if query.cursor.is_some() => Problem::invalid("cursor", reason),
        error => unavailable(error),
    })?;
    let records = page.items.iter().map(|document| {
        Ok(Stored {
            id: document.id.to_string(),
            record: decode(collection, &document.body)?,
        })
    });
    Ok(List {
        records: records.collect::<Result<_, Problem>>()?,
        total: page.total.unwrap_or_default(),
        next_cursor: page.next_cursor,
    })
}

/// Every record that matches, a page at a time.
///
/// # Errors
/// As [`get`].
pub async fn all<R: DeserializeOwned>(
    unit: &dyn UnitOfWork,
    collection: &CollectionName,
    filter: Option<Filter>,
) -> Result<Vec<Stored<R>>, Problem> {
    let mut query = Query {
        filter,
        limit: PAGE_LIMIT_MAX,
        ..Query::default()
    };
    let mut all = Vec::new();
    loop {
        let page = list(unit, collection, &query).await?;
        all.extend(page.records);
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => return Ok(all),
        }
    }
}

/// A record's document.
///
/// # Errors
/// [`StoreError::Invalid`] for what is no JSON.
pub fn encode<R: Serialize>(record: &R) -> Result<Value, StoreError> {
    serde_json::to_value(record).map_err(|error| StoreError::Invalid(error.to_string()))
}

/// What becomes of an error of the store that the caller can't do anything about: 503.
#[must_use]
pub fn unavailable(error: StoreError) -> Problem {
    Problem::unavailable(RETRY_AFTER_S, error.to_string())
}

fn decode<R: DeserializeOwned>(collection: &CollectionName, body: &str) -> Result<R, Problem> {
    serde_json::from_str(body).map_err(|error| {
        Problem::internal(format!(
            "a document of {collection:?} is malformed: {error}"
        ))
    })
}
