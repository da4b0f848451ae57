//! Cursors: where the next page begins, and of which query.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use stoa_kernel::query::Query;
use stoa_kernel::store::StoreError;

use super::filter::Conditions;
use super::order::{Order, Position};
use crate::encode::encode;

/// A cursor holds at most the sort keys of one document; longer ones are nobody's.
const CURSOR_BYTES_MAX: usize = 64 << 10;

#[derive(Serialize, Deserialize)]
struct Cursor {
    /// Tells queries apart, so that a cursor of one is refused by another.
    of: u64,
    at: Position,
}

/// The cursor behind a document.
pub(crate) fn write(table: &str, query: &Query, at: Position) -> Option<String> {
    let json = serde_json::to_vec(&Cursor {
        of: digest(table, query),
        at,
    })
    .ok()?;
    Some(BASE64_URL_SAFE_NO_PAD.encode(json))
}

/// Where a cursor of this query points.
pub(crate) fn read(
    table: &str,
    query: &Query,
    order: &Order,
) -> Result<Option<Position>, StoreError> {
    let Some(text) = &query.cursor else {
        return Ok(None);
    };
    let foreign = || StoreError::Invalid("cursor: not one of this query".into());
    if text.len() > CURSOR_BYTES_MAX {
        return Err(foreign());
    }
    let json = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign())?;
    let cursor: Cursor = serde_json::from_slice(&json).map_err(|_| foreign())?;
    if cursor.of != digest(table, query) || cursor.at.keys.len() != order.keys.len() {
        return Err(foreign());
    }
    Ok(Some(cursor.at))
}

/// What must be equal for a cursor to make sense: collection, filter and order, but not the page's size.
fn digest(table: &str, query: &Query) -> u64 {
    let mut hasher = DefaultHasher::new();
    table.hash(&mut hasher);
    serde_json::to_string(&query.filter)
        .unwrap_or_default()
        .hash(&mut hasher);
    query.sort.hash(&mut hasher);
    hasher.finish()
}

/// Adds the condition that a document stands behind a position.
pub(crate) fn after(
    conditions: &mut Conditions<'_>,
    order: &Order,
    position: &Position,
) -> Result<(), StoreError> {
    let id = conditions.bind(conditions.record(&position.id));
    let id_operator = operator(order.id_descending);
    let mut equal = String::new();
    let mut alternatives = Vec::with_capacity(order.keys.len() + 1);
    for (index, ((path, descending), value)) in order.keys.iter().zip(&position.keys).enumerate() {
        let column = crate::names::column(path);
        let value = conditions.bind(encode(value)?);
        let operator = operator(*descending);
        if index == 0 {
            // Follows from the rest, but this is what lets an index begin at the position.
            conditions.push(format!("{column} {operator}= {value}"));
        }
        alternatives.push(format!("({equal}{column} {operator} {value})"));
        equal = format!("{equal}{column} = {value} AND ");
    }
    alternatives.push(format!("({equal}id {id_operator} {id})"));
    conditions.push(format!("({})", alternatives.join(" OR ")));
    Ok(())
}

const fn operator(descending: bool) -> &'static str {
    if descending { "<" } else { ">" }
}
