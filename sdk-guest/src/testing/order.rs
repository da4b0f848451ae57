//! The order of values: of conditions, where only values of one type have one, and of pages, where all have.

use std::cmp::Ordering;

use serde_json::Value;

/// The order of two scalars of one type.
pub(super) fn scalars(a: &Value, b: &Value) -> Option<Ordering> {
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
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    (a.is_null() && b.is_null()) || scalars(a, b) == Some(Ordering::Equal)
}

/// The order of pages: null, booleans, numbers, texts, then the rest.
pub(super) fn places(a: &Value, b: &Value) -> Ordering {
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
        .then_with(|| scalars(a, b).unwrap_or(Ordering::Equal))
}
