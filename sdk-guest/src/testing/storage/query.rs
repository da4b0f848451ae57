//! Pages. Their cursors are offsets; a plugin may not look inside.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::super::bounds;
use super::{Match, matching};
use crate::bindings::stoa::storage::storage::{Document, Error, Page, Selection, SortKey};
use stoa_wit::value::sort_order;

/// Documents of one page.
const LIMIT_MAX: u32 = 200;

/// A page.
pub fn query(collection: &str, selection: &Selection) -> Result<Page, Error> {
    bounds::collection(collection)?;
    bounds::selection(selection)?;
    let mut found = matching(collection, &selection.filter);
    found.sort_by(|a, b| compare(&selection.sort, a, b));
    let total = found.len();
    let start = match &selection.cursor {
        Some(cursor) => cursor
            .parse()
            .map_err(|_| Error::Invalid("cursor: malformed".into()))?,
        None => selection.offset as usize,
    };
    let end = start + selection.limit.clamp(1, LIMIT_MAX) as usize;
    let items = found.iter().take(end).skip(start).map(|found| Document {
        id: found.id.as_str().unwrap_or_default().into(),
        version: found.version,
        body: projected(&found.body, &selection.fields).to_string(),
    });
    Ok(Page {
        items: items.collect(),
        total: selection.total.then_some(total as u64),
        next_cursor: (end < total).then(|| end.to_string()),
    })
}

/// The order of a page: the id comes last and goes the way of the key before it.
fn compare(sort: &[SortKey], a: &Match, b: &Match) -> Ordering {
    let directed = |order: Ordering, descending| if descending { order.reverse() } else { order };
    let by_keys = sort.iter().map(|key| {
        let (a, b) = (a.subject().field(&key.path), b.subject().field(&key.path));
        directed(sort_order(a, b), key.descending)
    });
    let by_id = directed(
        sort_order(&a.id, &b.id),
        sort.last().is_some_and(|key| key.descending),
    );
    by_keys.fold(Ordering::Equal, Ordering::then).then(by_id)
}

/// Only these fields; all if none is named.
fn projected(body: &Value, fields: &[String]) -> Value {
    if fields.is_empty() {
        return body.clone();
    }
    let mut kept = Map::new();
    for path in fields {
        keep(body, &mut kept, path);
    }
    Value::Object(kept)
}

fn keep(from: &Value, into: &mut Map<String, Value>, path: &str) {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(member) = from.get(name) else { return };
    match rest {
        None => {
            into.insert(name.into(), member.clone());
        }
        Some(rest) if member.is_object() => {
            let inner = into
                .entry(name)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                keep(member, inner, rest);
            }
        }
        Some(_) => {}
    }
}
