//! Integer fields that are added to and taken from.

use serde_json::{Map, Value};

use super::super::bounds;
use super::write::change_existing;
use crate::bindings::stoa::storage::storage::Error;

/// Adds to a field.
pub fn increment(collection: &str, id: &str, path: &str, by: i64) -> Result<i64, Error> {
    let mut sum = 0;
    let add = |body: &mut Value| {
        let field = field_mut(body, path)?;
        let beyond = || Error::Invalid(format!("{path}: beyond a signed number of 64 bits"));
        sum = integer(field, path)?.checked_add(by).ok_or_else(beyond)?;
        *field = sum.into();
        Ok(())
    };
    bounds::path(path)?;
    change_existing(collection, id, add)?;
    Ok(sum)
}

/// Takes from a field what it has.
pub fn take_if_at_least(
    collection: &str,
    id: &str,
    path: &str,
    amount: i64,
) -> Result<Option<i64>, Error> {
    bounds::path(path)?;
    if amount <= 0 {
        return Err(Error::Invalid("the amount is not positive".into()));
    }
    let found = super::get(collection, id)?.ok_or(Error::NotFound)?;
    let mut body: Value = serde_json::from_str(&found.body).unwrap_or_default();
    let has = integer(field_mut(&mut body, path)?, path)?;
    if has < amount {
        return Ok(None);
    }
    increment(collection, id, path, -amount).map(Some)
}

/// An integer; missing counts as 0.
fn integer(field: &Value, path: &str) -> Result<i64, Error> {
    match field {
        Value::Null => Ok(0),
        field => field
            .as_i64()
            .ok_or_else(|| Error::Invalid(format!("{path}: not an integer"))),
    }
}

/// The field, made if it is missing.
fn field_mut<'v>(body: &'v mut Value, path: &str) -> Result<&'v mut Value, Error> {
    path.split('.').try_fold(body, |value, segment| {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        match value {
            Value::Object(members) => Ok(members.entry(segment).or_insert(Value::Null)),
            _ => Err(Error::Invalid(format!(
                "{path}: leads through something that is no object"
            ))),
        }
    })
}
