//! What the host refuses before it looks at a document: the bounds of `wit/deps/stoa-storage@0.1.0`.

use serde_json::Value;

use super::state::{State, with};
use crate::bindings::stoa::storage::storage::{Calculation, Error, Selection};

const ID_BYTES_MAX: usize = 256;
const DOCUMENT_BYTES_MAX: usize = 1 << 20;
const OFFSET_MAX: u32 = 10_000;
const KEYS_MAX: usize = 4;
const FIELDS_MAX: usize = 64;
const COMPUTE_MAX: usize = 8;
const FILTER_DEPTH_MAX: usize = 8;
const FILTER_NODES_MAX: usize = 64;
const IN_VALUES_MAX: usize = 200;

type Checked = Result<(), Error>;

fn invalid(reason: impl Into<String>) -> Checked {
    Err(Error::Invalid(reason.into()))
}

/// A collection that the manifest lists, if there is a manifest.
pub(super) fn collection(name: &str) -> Checked {
    let is_listed = |state: &mut State| {
        let manifest = state.manifest.as_ref();
        manifest.is_none_or(|manifest| manifest.collections.contains_key(name))
    };
    if with(is_listed) {
        Ok(())
    } else {
        Err(Error::Denied(format!(
            "no collection {name:?} in plugin.toml"
        )))
    }
}

/// A document's place.
pub(super) fn id(collection: &str, id: &str) -> Checked {
    self::collection(collection)?;
    if id.is_empty() || id.len() > ID_BYTES_MAX || id.chars().any(char::is_control) {
        return invalid(format!(
            "id: 1 to {ID_BYTES_MAX} bytes without control characters"
        ));
    }
    Ok(())
}

/// A document's text as its value.
pub(super) fn object(body: &str) -> Result<Value, Error> {
    if body.len() > DOCUMENT_BYTES_MAX {
        return Err(Error::Limit(format!(
            "a document of more than {DOCUMENT_BYTES_MAX} bytes"
        )));
    }
    match serde_json::from_str(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(Error::Invalid("a document is a JSON object".into())),
    }
}

/// A dotted path of identifiers.
pub(super) fn path(text: &str) -> Checked {
    if stoa_wit::value::is_path(text) {
        return Ok(());
    }
    invalid(format!("{text:?} is no field path"))
}

/// A query.
pub(super) fn selection(selection: &Selection) -> Checked {
    filter(&selection.filter)?;
    if selection.sort.len() > KEYS_MAX || selection.fields.len() > FIELDS_MAX {
        return invalid(format!(
            "more than {KEYS_MAX} sort keys or {FIELDS_MAX} fields"
        ));
    }
    if selection.offset > OFFSET_MAX {
        return invalid(format!("offset beyond {OFFSET_MAX}; use the cursor"));
    }
    if selection.offset > 0 && selection.cursor.is_some() {
        return invalid("offset and cursor exclude each other");
    }
    let sorted = selection.sort.iter().map(|key| &key.path);
    sorted
        .chain(&selection.fields)
        .try_for_each(|text| path(text))
}

/// An aggregate.
pub(super) fn calculation(calculation: &Calculation) -> Checked {
    filter(&calculation.filter)?;
    if calculation.group_by.len() > KEYS_MAX || calculation.compute.len() > COMPUTE_MAX {
        return invalid(format!(
            "more than {KEYS_MAX} groups or {COMPUTE_MAX} calculations"
        ));
    }
    for key in &calculation.group_by {
        path(key.strip_prefix("day:").unwrap_or(key))?;
    }
    calculation
        .compute
        .iter()
        .try_for_each(|word| match word.split_once(':') {
            None if word == "count" => Ok(()),
            Some(("sum" | "avg" | "min" | "max", field)) => path(field),
            _ => invalid(format!("{word:?} is not count, sum:, avg:, min: or max:")),
        })
}

fn filter(text: &str) -> Checked {
    if text.is_empty() {
        return Ok(());
    }
    let filter =
        serde_json::from_str(text).map_err(|error| Error::Invalid(format!("filter: {error}")))?;
    node(&filter, 1, &mut 0)
}

/// One node of a filter and those below it.
fn node(filter: &Value, depth: usize, nodes: &mut usize) -> Checked {
    *nodes += 1;
    if depth > FILTER_DEPTH_MAX || *nodes > FILTER_NODES_MAX {
        return invalid(format!(
            "filter: deeper than {FILTER_DEPTH_MAX} or more than {FILTER_NODES_MAX} nodes"
        ));
    }
    let single = filter.as_object().filter(|members| members.len() == 1);
    let Some((operator, arguments)) = single.and_then(|members| members.iter().next()) else {
        return invalid(format!("filter: {filter} is no condition"));
    };
    let list = arguments.as_array().map(Vec::as_slice);
    match (operator.as_str(), list) {
        ("and" | "or", Some(parts)) => parts
            .iter()
            .try_for_each(|part| node(part, depth + 1, nodes)),
        ("not", _) => node(arguments, depth + 1, nodes),
        ("text", Some([Value::Array(paths), Value::String(_)]))
            if (1..=KEYS_MAX).contains(&paths.len()) =>
        {
            paths.iter().try_for_each(field)
        }
        ("prefix", Some([of, Value::String(_)])) => field(of),
        ("in", Some([of, Value::Array(values)]))
            if values.len() <= IN_VALUES_MAX && values.iter().all(is_scalar) =>
        {
            field(of)
        }
        ("eq" | "ne" | "lt" | "le" | "gt" | "ge" | "contains", Some([of, value]))
            if is_scalar(value) =>
        {
            field(of)
        }
        _ => invalid(format!("filter: {operator} does not take {arguments}")),
    }
}

fn field(of: &Value) -> Checked {
    path(of.as_str().unwrap_or_default())
}

const fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}
