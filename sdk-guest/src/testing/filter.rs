//! The meaning of filters, as `wit/deps/stoa-storage@0.1.0` defines it.

use std::cmp::Ordering;

use serde_json::Value;

/// The field's value; a missing field is null.
pub fn field<'v>(id: &'v Value, doc: &'v Value, path: &str) -> &'v Value {
    if path == "id" {
        return id;
    }
    path.split('.').try_fold(doc, |value, segment| value.get(segment)).unwrap_or(&Value::Null)
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn equal(a: &Value, b: &Value) -> bool {
    (a.is_null() && b.is_null()) || order(a, b) == Some(Ordering::Equal)
}

/// The order of pages: null, booleans, numbers, texts.
pub fn sort_order(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    };
    rank(a).cmp(&rank(b)).then_with(|| order(a, b).unwrap_or(Ordering::Equal))
}

/// Whether a document matches; an error says what is wrong with the filter.
pub fn matches(filter: &Value, id: &Value, doc: &Value) -> Result<bool, String> {
    let Some((operator, arguments)) = filter.as_object().and_then(|map| map.iter().next()) else {
        return Err(format!("{filter} is no filter"));
    };
    let all = |parts: &Value| -> Result<Vec<bool>, String> {
        parts.as_array().into_iter().flatten().map(|part| matches(part, id, doc)).collect()
    };
    match operator.as_str() {
        "and" => return Ok(all(arguments)?.into_iter().all(|matched| matched)),
        "or" => return Ok(all(arguments)?.into_iter().any(|matched| matched)),
        "not" => return Ok(!matches(arguments, id, doc)?),
        _ => {}
    }
    let [paths, wanted] = arguments.as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err(format!("{operator} takes a field and a value"));
    };
    if operator == "text" {
        let fields: Vec<String> = paths
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|path| field(id, doc, path.as_str()?).as_str().map(str::to_lowercase))
            .collect();
        let words = wanted.as_str().unwrap_or_default().to_lowercase();
        return Ok(words.split_whitespace().all(|word| fields.iter().any(|field| field.contains(word))));
    }
    let found = field(id, doc, paths.as_str().ok_or("a path is a text")?);
    Ok(match operator.as_str() {
        "eq" => equal(found, wanted),
        "ne" => !equal(found, wanted),
        "lt" => order(found, wanted) == Some(Ordering::Less),
        "le" => order(found, wanted).is_some_and(Ordering::is_le),
        "gt" => order(found, wanted) == Some(Ordering::Greater),
        "ge" => order(found, wanted).is_some_and(Ordering::is_ge),
        "in" => wanted.as_array().into_iter().flatten().any(|value| equal(found, value)),
        "contains" => found.as_array().into_iter().flatten().any(|value| equal(value, wanted)),
        "prefix" => found.as_str().zip(wanted.as_str()).is_some_and(|(text, begin)| text.starts_with(begin)),
        other => return Err(format!("unknown operator {other}")),
    })
}
