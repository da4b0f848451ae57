//! `stoa:storage/storage` over a map.

mod aggregate;
mod numbers;
mod query;
mod write;

pub use aggregate::aggregate;
pub use numbers::{increment, take_if_at_least};
pub use query::query;
pub use write::{create, delete, patch, put, put_if_version};

use super::bounds;
use super::filter::Subject;
use super::state::{self, with};
use crate::bindings::stoa::storage::storage::{Document, Error};
use serde_json::Value;

/// Ids of one [`get_many`].
const GET_MANY_MAX: usize = 200;

/// The document, or none.
pub fn get(collection: &str, id: &str) -> Result<Option<Document>, Error> {
    bounds::id(collection, id)?;
    let found = with(|state| state.visible(&key(collection, id)).cloned());
    Ok(found.map(|found| document(id, &found)))
}

/// Those that exist.
pub fn get_many(collection: &str, ids: &[String]) -> Result<Vec<Document>, Error> {
    bounds::collection(collection)?;
    if ids.len() > GET_MANY_MAX {
        return Err(Error::Limit(format!("more than {GET_MANY_MAX} ids")));
    }
    ids.iter()
        .filter_map(|id| get(collection, id).transpose())
        .collect()
}

fn key(collection: &str, id: &str) -> state::Key {
    (collection.into(), id.into())
}

fn document(id: &str, found: &state::Document) -> Document {
    Document {
        id: id.into(),
        version: found.version,
        body: found.body.to_string(),
    }
}

/// A document that matches a filter.
struct Match {
    id: Value,
    version: u64,
    body: Value,
}

impl Match {
    const fn subject(&self) -> Subject<'_> {
        Subject {
            id: &self.id,
            body: &self.body,
        }
    }
}

/// The documents that match, in the order of their ids.
fn matching(collection: &str, filter: &str) -> Vec<Match> {
    let filter =
        (!filter.is_empty()).then(|| serde_json::from_str::<Value>(filter).unwrap_or_default());
    with(|state| {
        let keys = state
            .data
            .documents
            .keys()
            .filter(|(known, _)| known == collection);
        let found = keys.filter_map(|key| {
            let document = state.visible(key)?;
            Some(Match {
                id: key.1.clone().into(),
                version: document.version,
                body: document.body.clone(),
            })
        });
        found
            .filter(|found| {
                filter
                    .as_ref()
                    .is_none_or(|filter| found.subject().matches(filter))
            })
            .collect()
    })
}
