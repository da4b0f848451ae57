//! What `wit/deps/stoa-storage@0.1.0` says of stored values: field paths, and how values compare. The host's
//! store and the SDK's fakes both go by it.

use std::cmp::Ordering;

use serde_json::Value;

/// Bytes of a field path.
const PATH_BYTES_MAX: usize = 128;
/// Bytes of one segment of it: what the engine takes as an identifier.
const SEGMENT_BYTES_MAX: usize = 63;

/// Whether a text is a dotted path of identifiers, the only form that ever reaches the text of a database statement.
#[must_use]
pub fn is_path(text: &str) -> bool {
    let is_segment = |segment: &str| {
        segment.len() <= SEGMENT_BYTES_MAX
            && segment.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    text.len() <= PATH_BYTES_MAX && text.split('.').all(is_segment)
}

/// The order of two scalars of one type; none for anything else.
#[must_use]
pub fn order(a: &Value, b: &Value) -> Option<Ordering> {
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

/// Whether two values are the same scalar.
#[must_use]
pub fn equal(a: &Value, b: &Value) -> bool {
    (a.is_null() && b.is_null()) || order(a, b) == Some(Ordering::Equal)
}

/// The total order in which pages are sorted: null, then booleans, numbers, texts, then anything else as equal.
#[must_use]
pub fn sort_order(a: &Value, b: &Value) -> Ordering {
    const fn rank(value: &Value) -> u8 {
        match value {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Number(_) => 2,
            Value::String(_) => 3,
            Value::Array(_) => 4,
            Value::Object(_) => 5,
        }
    }
    rank(a)
        .cmp(&rank(b))
        .then_with(|| order(a, b).unwrap_or(Ordering::Equal))
}
