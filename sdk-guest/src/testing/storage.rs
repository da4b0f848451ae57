//! `stoa:storage/storage` over a map.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::filter::{field, matches, sort_order};
use super::super::state::{self, with};
use crate::bindings::stoa::storage::storage::{Calculation, Document, Error, Page, Selection};

fn key(collection: &str, id: &str) -> (String, String) {
    (collection.into(), id.into())
}

fn stored(collection: &str, id: &str) -> Option<state::Document> {
    with(|state| {
        let found = state.data.documents.get(&key(collection, id))?;
        found.expires_at.is_none_or(|at| at > state.now_ms).then(|| found.clone())
    })
}

fn write(collection: &str, id: &str, body: &str, expires_at: Option<u64>) -> Result<u64, Error> {
    match serde_json::from_str(body) {
        Ok(Value::Object(_)) => {}
        _ => return Err(Error::Invalid("a document is a JSON object".into())),
    }
    let version = stored(collection, id).map_or(0, |document| document.version) + 1;
    let document = state::Document { version, body: body.into(), expires_at };
    with(|state| state.data.documents.insert(key(collection, id), document));
    Ok(version)
}

/// The document, or none.
pub fn get(collection: &str, id: &str) -> Result<Option<Document>, Error> {
    Ok(stored(collection, id).map(|found| Document { id: id.into(), version: found.version, body: found.body }))
}

/// Those that exist.
pub fn get_many(collection: &str, ids: &[String]) -> Result<Vec<Document>, Error> {
    ids.iter().filter_map(|id| get(collection, id).transpose()).collect()
}

/// Adds a document.
pub fn create(collection: &str, id: &str, body: &str, expires_at: Option<u64>) -> Result<u64, Error> {
    match stored(collection, id) {
        Some(_) => Err(Error::AlreadyExists),
        None => write(collection, id, body, expires_at),
    }
}

/// Writes a document.
pub fn put(collection: &str, id: &str, body: &str, expires_at: Option<u64>) -> Result<u64, Error> {
    write(collection, id, body, expires_at)
}

/// Writes a document of a version.
pub fn put_if_version(collection: &str, id: &str, version: u64, body: &str, expires_at: Option<u64>) -> Result<u64, Error> {
    match stored(collection, id) {
        None => Err(Error::NotFound),
        Some(found) if found.version != version => Err(Error::VersionMismatch(found.version)),
        Some(_) => write(collection, id, body, expires_at),
    }
}

/// RFC 7396.
fn merge(into: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *into = patch;
        return;
    };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    if let Value::Object(map) = into {
        for (name, value) in patch {
            if value.is_null() {
                map.remove(&name);
            } else {
                merge(map.entry(name).or_insert(Value::Null), value);
            }
        }
    }
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_default()
}

/// Merges into a document.
pub fn patch(collection: &str, id: &str, change: &str) -> Result<Document, Error> {
    let found = stored(collection, id).ok_or(Error::NotFound)?;
    let mut body = parsed(&found.body);
    merge(&mut body, parsed(change));
    let body = body.to_string();
    let version = write(collection, id, &body, found.expires_at)?;
    Ok(Document { id: id.into(), version, body })
}

/// Removes a document.
pub fn delete(collection: &str, id: &str) -> Result<bool, Error> {
    let existed = stored(collection, id).is_some();
    with(|state| state.data.documents.remove(&key(collection, id)));
    Ok(existed)
}

fn integer(body: &mut Value, path: &str, change: impl FnOnce(i64) -> Option<i64>) -> Result<Option<i64>, Error> {
    let mut at = body;
    for segment in path.split('.') {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        let map = at.as_object_mut().ok_or_else(|| Error::Invalid(format!("{path} is no field")))?;
        at = map.entry(segment).or_insert(Value::Null);
    }
    let now = match &*at {
        Value::Null => 0,
        value => value.as_i64().ok_or_else(|| Error::Invalid(format!("{path} is no integer")))?,
    };
    let next = change(now);
    if let Some(next) = next {
        *at = Value::from(next);
    }
    Ok(next)
}

/// Adds to a field.
pub fn increment(collection: &str, id: &str, path: &str, by: i64) -> Result<i64, Error> {
    let found = stored(collection, id).ok_or(Error::NotFound)?;
    let mut body = parsed(&found.body);
    let next = integer(&mut body, path, |now| Some(now + by))?.unwrap_or_default();
    write(collection, id, &body.to_string(), found.expires_at)?;
    Ok(next)
}

/// Takes from a field what it has.
pub fn take_if_at_least(collection: &str, id: &str, path: &str, amount: i64) -> Result<Option<i64>, Error> {
    let found = stored(collection, id).ok_or(Error::NotFound)?;
    let mut body = parsed(&found.body);
    let left = integer(&mut body, path, |now| (now >= amount).then(|| now - amount))?;
    if left.is_some() {
        write(collection, id, &body.to_string(), found.expires_at)?;
    }
    Ok(left)
}

/// The documents that match, as (id, version, body).
fn select(collection: &str, filter: &str) -> Result<Vec<(Value, u64, Value)>, Error> {
    let filter = if filter.is_empty() { serde_json::json!({ "and": [] }) } else { parsed(filter) };
    let ids: Vec<String> = with(|state| {
        let keys = state.data.documents.keys();
        keys.filter(|(known, _)| known == collection).map(|(_, id)| id.clone()).collect()
    });
    let mut found = Vec::new();
    for id in ids {
        if let Some(document) = stored(collection, &id) {
            let (id, body) = (Value::from(id), parsed(&document.body));
            if matches(&filter, &id, &body).map_err(Error::Invalid)? {
                found.push((id, document.version, body));
            }
        }
    }
    Ok(found)
}

/// A page; its cursors are offsets.
pub fn query(collection: &str, selection: &Selection) -> Result<Page, Error> {
    let mut found = select(collection, &selection.filter)?;
    found.sort_by(|(id_a, _, a), (id_b, _, b)| {
        let by_keys = selection.sort.iter().map(|key| {
            let order = sort_order(field(id_a, a, &key.path), field(id_b, b, &key.path));
            if key.descending { order.reverse() } else { order }
        });
        by_keys.fold(Ordering::Equal, Ordering::then).then_with(|| sort_order(id_a, id_b))
    });
    let total = found.len();
    let start = match &selection.cursor {
        Some(cursor) => cursor.parse().map_err(|_| Error::Invalid("cursor: malformed".into()))?,
        None => selection.offset as usize,
    };
    let limit = selection.limit.clamp(1, 200) as usize;
    let items = found.into_iter().skip(start).take(limit).map(|(id, version, body)| Document {
        id: id.as_str().unwrap_or_default().into(),
        version,
        body: body.to_string(),
    });
    Ok(Page {
        items: items.collect(),
        total: selection.total.then_some(total as u64),
        next_cursor: (start + limit < total).then(|| (start + limit).to_string()),
    })
}

/// Rows of an aggregate. Knows `count`, `sum`, `avg`, `min` and `max`, and fields as groups.
pub fn aggregate(collection: &str, calculation: &Calculation) -> Result<String, Error> {
    let mut groups: BTreeMap<String, Vec<(Value, Value)>> = BTreeMap::new();
    for (id, _, body) in select(collection, &calculation.filter)? {
        let values: Vec<Value> = calculation.group_by.iter().map(|path| field(&id, &body, path).clone()).collect();
        groups.entry(Value::from(values).to_string()).or_default().push((id, body));
    }
    let rows = groups.into_iter().take(calculation.limit as usize).map(|(group, documents)| {
        let values = parsed(&group);
        let mut row: Map<String, Value> =
            calculation.group_by.iter().cloned().zip(values.as_array().cloned().unwrap_or_default()).collect();
        for word in &calculation.compute {
            row.insert(word.clone(), compute(word, &documents));
        }
        Value::Object(row)
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

fn compute(word: &str, documents: &[(Value, Value)]) -> Value {
    let Some((operation, path)) = word.split_once(':') else { return documents.len().into() };
    let numbers: Vec<f64> = documents.iter().filter_map(|(id, body)| field(id, body, path).as_f64()).collect();
    let sum: f64 = numbers.iter().sum();
    let result = match operation {
        "sum" => Some(sum),
        #[expect(clippy::cast_precision_loss, reason = "tests have few documents")]
        "avg" => (!numbers.is_empty()).then(|| sum / numbers.len() as f64),
        "min" => numbers.iter().copied().reduce(f64::min),
        _ => numbers.iter().copied().reduce(f64::max),
    };
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers print as integers")]
    match result {
        Some(number) if number.fract() == 0.0 => Value::from(number as i64),
        number => Value::from(number),
    }
}
