//! What `wit/deps/stoa-storage@0.1.0` says of stored values: field paths, how values compare and how they are
//! patched. The host's store and the SDK both go by it.

use std::cmp::Ordering;

use serde_json::{Map, Value};

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

/// Applies a merge patch (RFC 7396, section 2): null removes a member, objects merge, anything else replaces.
pub fn merge_patch(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge_patch(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The table of RFC 7396, appendix A.
    #[test]
    fn a_merge_does_what_the_rfc_says() {
        for (mut target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [{"b": "c"}]}),
                json!({"a": [1]}),
                json!({"a": [1]}),
            ),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!([1, 2]),
                json!({"a": "b", "c": null}),
                json!({"a": "b"}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let text = patch.to_string();
            merge_patch(&mut target, patch);
            assert_eq!(target, expected, "{text}");
        }
    }
}
