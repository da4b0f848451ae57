//! JSON documents as the database holds them.
//!
//! Two things of JSON mean something else to the engine, so a document's objects hold them in another shape:
//! an array would be indexed element by element and walked through by paths, so it becomes the object
//! `{"[]": [...]}`; a null would be another kind of missing, so it is left out and its name kept under
//! `"[null"`. A document's own names that begin with `[` get one more. Within arrays nothing is changed.
//!
//! An array of objects, such as the lines of an order, is often most of a document, and no filter finds anything in
//! it. The engine copies each member of each value several times on its way; so such an array becomes one text,
//! `{"[": "[...]"}`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use stoa_kernel::store::StoreError;
use surrealdb::types::{Array, Number, Object, RecordIdKey, Value};

/// The member that holds an array's elements.
pub(crate) const ELEMENTS: &str = "[]";
/// The member that holds an array as text.
const TEXT: &str = "[";
/// The member that holds the names of those that are null.
const NULLS: &str = "[null";

/// A document, or a part of one that a path leads to, as the database holds it.
pub(crate) fn encode(json: &Json) -> Result<Value, StoreError> {
    match json {
        Json::Null => Ok(Value::None),
        Json::Object(members) => object(members),
        Json::Array(items) if is_opaque(items) => Ok(holder(TEXT, Value::String(json.to_string()))),
        Json::Array(_) => Ok(holder(ELEMENTS, plain(json)?)),
        scalar => plain(scalar),
    }
}

fn holder(member: &str, value: Value) -> Value {
    Value::Object(Object::from(BTreeMap::from([(member.to_owned(), value)])))
}

/// Whether a filter can find nothing among these, and text says exactly what they are.
fn is_opaque(items: &[Json]) -> bool {
    let is_nested = |item: &Json| item.is_array() || item.is_object();
    let is_opaque = |item: &Json| is_nested(item) && is_exact_as_text(item);
    !items.is_empty() && items.iter().all(is_opaque)
}

/// Floating-point numbers may differ in their last digit once they were written and read.
fn is_exact_as_text(json: &Json) -> bool {
    match json {
        Json::Number(number) => number.is_i64(),
        Json::Array(items) => items.iter().all(is_exact_as_text),
        Json::Object(members) => members.values().all(is_exact_as_text),
        Json::Null | Json::Bool(_) | Json::String(_) => true,
    }
}

fn object(members: &Map<String, Json>) -> Result<Value, StoreError> {
    let mut encoded = BTreeMap::new();
    let mut nulls = Vec::new();
    for (name, member) in members {
        if member.is_null() {
            nulls.push(Value::String(name.clone()));
        } else {
            let name = if name.starts_with('[') {
                format!("[{name}")
            } else {
                name.clone()
            };
            encoded.insert(name, encode(member)?);
        }
    }
    if !nulls.is_empty() {
        encoded.insert(NULLS.into(), Value::Array(Array::from(nulls)));
    }
    Ok(Value::Object(Object::from(encoded)))
}

/// JSON as it is.
fn plain(json: &Json) -> Result<Value, StoreError> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(value) => Value::Number(number(value)?),
        Json::String(value) => Value::String(value.clone()),
        Json::Array(items) => Value::Array(Array::from(
            items.iter().map(plain).collect::<Result<Vec<_>, _>>()?,
        )),
        Json::Object(members) => {
            let members = members
                .iter()
                .map(|(name, member)| Ok((name.clone(), plain(member)?)));
            Value::Object(Object::from(
                members.collect::<Result<BTreeMap<_, _>, StoreError>>()?,
            ))
        }
    })
}

fn number(number: &serde_json::Number) -> Result<Number, StoreError> {
    match (number.as_i64(), number.as_f64()) {
        (Some(int), _) => Ok(Number::Int(int)),
        (None, Some(float)) if !number.is_u64() => Ok(Number::Float(float)),
        _ => Err(StoreError::Invalid(format!(
            "{number} does not fit a signed number of 64 bits"
        ))),
    }
}

/// Whether a document can be stored without losing anything.
pub(crate) fn check(json: &Json) -> Result<(), StoreError> {
    match json {
        Json::Number(value) => self::number(value).map(drop),
        Json::Array(items) => items.iter().try_for_each(check),
        Json::Object(members) => members.values().try_for_each(check),
        _ => Ok(()),
    }
}

/// A scalar of a filter. One that no stored number can equal exactly is compared as a float.
pub(crate) fn scalar(json: &Json) -> Value {
    match json {
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Value::Number(Number::Int(int)),
            (None, float) => Value::Number(Number::Float(float.unwrap_or_default())),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Bool(value) => Value::Bool(*value),
        _ => Value::Null,
    }
}

/// What [`encode`] was given.
pub(crate) fn decode(value: Value) -> Json {
    let Value::Object(members) = value else {
        return decode_plain(value);
    };
    let mut members = members.into_inner();
    if let Some(elements) = members.remove(ELEMENTS) {
        return decode_plain(elements);
    }
    if let Some(Value::String(text)) = members.remove(TEXT) {
        // Nobody but `encode` writes it.
        return serde_json::from_str(&text).unwrap_or(Json::String(text));
    }
    let mut json = Map::new();
    if let Some(Value::Array(nulls)) = members.remove(NULLS) {
        json.extend(nulls.into_vec().into_iter().filter_map(|name| match name {
            Value::String(name) => Some((name, Json::Null)),
            _ => None,
        }));
    }
    for (name, member) in members {
        let name = name
            .strip_prefix('[')
            .map_or_else(|| name.clone(), ToOwned::to_owned);
        json.insert(name, decode(member));
    }
    Json::Object(json)
}

fn decode_plain(value: Value) -> Json {
    match value {
        Value::Bool(value) => Json::Bool(value),
        Value::Number(Number::Int(int)) => Json::from(int),
        Value::Number(number) => number.to_f64().map_or(Json::Null, Json::from),
        Value::String(text) => Json::String(text),
        Value::RecordId(record) => match record.key {
            RecordIdKey::String(id) => Json::String(id),
            _ => Json::Null,
        },
        Value::Array(items) => {
            Json::Array(items.into_vec().into_iter().map(decode_plain).collect())
        }
        Value::Object(members) => Json::Object(
            members
                .into_inner()
                .into_iter()
                .map(|(name, member)| (name, decode_plain(member)))
                .collect(),
        ),
        _ => Json::Null,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_document_comes_back_as_it_was() {
        for document in [
            json!({}),
            json!({"a": null, "b": {"c": null, "d": {}}, "e": [null, {"f": null, "[]": 1}, []]}),
            json!({"[]": [1], "[null": "x", "[[]": null, "[": {"[]": 2}}),
            json!({"[": "[1]", "lines": [{"[": "[2]"}, {"a": null}], "deep": {"[": [{"b": 1}]}}),
            json!({"int": i64::MIN, "float": 5.0, "tiny": 1e-300, "text": "\u{0}\u{10ffff}", "flag": false}),
        ] {
            assert_eq!(decode(encode(&document).unwrap()), document);
        }
    }

    #[test]
    fn what_no_filter_looks_into_is_one_text() {
        let is_text = |array: Json| {
            let Value::Object(members) = encode(&array).unwrap() else {
                panic!("an array that is no object");
            };
            assert_eq!(decode(Value::Object(members.clone())), array);
            members.into_inner().contains_key(TEXT)
        };
        assert!(is_text(
            json!([{"id": "a", "n": -1, "of": [null, true]}, {}])
        ));
        assert!(is_text(json!([["\u{0}\"\u{10ffff}"], [i64::MAX]])));
        // A filter finds scalars, and a float may change its last digit.
        assert!(!is_text(json!([])));
        assert!(!is_text(json!([{"n": 1}, 1])));
        assert!(!is_text(json!([{"n": 1}, null])));
        assert!(!is_text(json!([{"n": [0.1]}])));
    }

    #[test]
    fn an_array_of_objects_that_was_stored_as_such_is_read() {
        let stored = holder(ELEMENTS, plain(&json!([{"n": 1}])).unwrap());
        assert_eq!(decode(stored), json!([{"n": 1}]));
    }

    #[test]
    fn a_number_that_would_lose_digits_is_refused() {
        assert!(encode(&json!({"n": u64::MAX})).is_err());
        assert!(encode(&json!({"n": [{"m": u64::MAX}]})).is_err());
        assert!(check(&json!({"n": [{"m": u64::MAX}]})).is_err());
        assert!(encode(&json!({"n": i64::MAX})).is_ok());
    }
}
