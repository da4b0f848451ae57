//! Writing documents.

use serde_json::Value;

use super::super::bounds;
use super::super::filter::Subject;
use super::super::state::{self, State, with};
use super::{document, key};
use crate::bindings::stoa::storage::storage::{Document, Error};
use stoa_wit::value::equal;

const DAY_MS: u64 = 86_400_000;

/// Adds a document.
pub fn create(
    collection: &str,
    id: &str,
    body: &str,
    expires_at: Option<u64>,
) -> Result<u64, Error> {
    change(collection, id, expires_at, |current| match current {
        Some(_) => Err(Error::AlreadyExists),
        None => bounds::object(body),
    })
    .map(|written| written.version)
}

/// Writes a document.
pub fn put(collection: &str, id: &str, body: &str, expires_at: Option<u64>) -> Result<u64, Error> {
    change(collection, id, expires_at, |_| bounds::object(body)).map(|written| written.version)
}

/// Writes a document of a version.
pub fn put_if_version(
    collection: &str,
    id: &str,
    version: u64,
    body: &str,
    expires_at: Option<u64>,
) -> Result<u64, Error> {
    change(collection, id, expires_at, |current| match current {
        None => Err(Error::NotFound),
        Some(found) if found.version != version => Err(Error::VersionMismatch(found.version)),
        Some(_) => bounds::object(body),
    })
    .map(|written| written.version)
}

/// Merges into a document.
pub fn patch(collection: &str, id: &str, merge: &str) -> Result<Document, Error> {
    let merge = bounds::object(merge)?;
    let written = change_existing(collection, id, |body| {
        crate::merge_patch(body, merge);
        Ok(())
    })?;
    Ok(document(id, &written))
}

/// Removes a document.
pub fn delete(collection: &str, id: &str) -> Result<bool, Error> {
    bounds::id(collection, id)?;
    let key = key(collection, id);
    Ok(with(|state| {
        let existed = state.visible(&key).is_some();
        state.data.documents.remove(&key);
        if existed && let Some(written) = &mut state.written {
            written.insert(key);
        }
        existed
    }))
}

/// Changes a document that has to be there.
pub(super) fn change_existing(
    collection: &str,
    id: &str,
    act: impl FnOnce(&mut Value) -> Result<(), Error>,
) -> Result<state::Document, Error> {
    bounds::id(collection, id)?;
    let expires_at = with(|state| {
        state
            .visible(&key(collection, id))
            .map(|found| found.expires_at)
    });
    change(collection, id, expires_at.flatten(), |current| {
        let mut body = current.ok_or(Error::NotFound)?.body;
        act(&mut body)?;
        Ok(body)
    })
}

/// Writes what `next` makes of the document that is there now.
fn change(
    collection: &str,
    id: &str,
    expires_at: Option<u64>,
    next: impl FnOnce(Option<state::Document>) -> Result<Value, Error>,
) -> Result<state::Document, Error> {
    bounds::id(collection, id)?;
    let key = key(collection, id);
    let current = with(|state| state.visible(&key).cloned());
    let before = current.as_ref().map(|found| found.version);
    let body = next(current)?;
    with(|state| {
        check_unique(state, &key, &body)?;
        let is_own = state
            .written
            .as_mut()
            .is_some_and(|written| !written.insert(key.clone()));
        let version = before.map_or(1, |version| if is_own { version } else { version + 1 });
        let written = state::Document {
            version,
            body,
            expires_at: expires_at.or_else(|| expiry(state, collection)),
        };
        state.data.documents.insert(key, written.clone());
        Ok(written)
    })
}

/// When a document written now ends, by the manifest.
fn expiry(state: &State, collection: &str) -> Option<u64> {
    let days = state
        .manifest
        .as_ref()?
        .collections
        .get(collection)?
        .expiry_days?;
    Some(state.now_ms.saturating_add(u64::from(days) * DAY_MS))
}

fn check_unique(state: &State, key: &state::Key, body: &Value) -> Result<(), Error> {
    let Some(rules) = state
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.collections.get(&key.0))
    else {
        return Ok(());
    };
    for paths in &rules.unique {
        let has_same = |other: &state::Document| {
            paths.iter().all(|path| {
                let wanted = field(body, path);
                // A missing value is nobody's.
                !wanted.is_null() && equal(field(&other.body, path), wanted)
            })
        };
        let others = state
            .data
            .documents
            .keys()
            .filter(|other| other.0 == key.0 && *other != key);
        if others
            .filter_map(|other| state.visible(other))
            .any(has_same)
        {
            return Err(Error::NotUnique(paths.join(",")));
        }
    }
    Ok(())
}

fn field<'d>(body: &'d Value, path: &str) -> &'d Value {
    Subject {
        id: &Value::Null,
        body,
    }
    .field(path)
}
