//! Expectations against what was found: a part of JSON, and names for values.

use std::collections::BTreeMap;

use serde_json::Value;

/// Why `found` does not hold `expected`: every member of an object, every item of a list, every plain value alike.
pub fn differs(expected: &Value, found: &Value, path: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().find_map(|(name, expected)| {
                let path = format!("{path}.{name}");
                let Some(found) = found.get(name) else {
                    return Some(format!("{path} is missing"));
                };
                differs(expected, found, &path)
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.find_map(|(index, (expected, found))| {
                differs(expected, found, &format!("{path}.{index}"))
            })
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        (expected, found) if expected == found => None,
        (expected, found) => Some(format!("{path} is {found} and not {expected}")),
    }
}

/// The value at a path such as `items.0.id`.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(value, |value, segment| match value {
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
            other => other.get(segment),
        })
}

/// The text with what was saved in place of `${name}`.
///
/// # Errors
/// Names what nobody has saved.
pub fn filled(text: &str, saved: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            return Err(format!("{text:?} has a ${{ without its }}"));
        };
        let value = saved.get(name);
        let value = value.ok_or_else(|| format!("no earlier step saves {name:?}"))?;
        filled += before;
        filled += value;
        rest = after;
    }
    Ok(filled + rest)
}

/// The same in every text of a JSON value.
///
/// # Errors
/// As [`filled`].
pub fn filled_json(value: &Value, saved: &BTreeMap<String, String>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => Value::String(filled(text, saved)?),
        Value::Array(items) => items
            .iter()
            .map(|item| filled_json(item, saved))
            .collect::<Result<_, _>>()?,
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| Ok((name.clone(), filled_json(member, saved)?)))
            .collect::<Result<_, String>>()?,
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_part_is_enough_and_a_difference_says_where() {
        let found = json!({"id": "x", "lines": [{"n": 1, "m": 2}], "total": 3.0});
        for (expected, differs_at) in [
            (json!({}), None),
            (json!({"lines": [{"n": 1}], "total": 3}), None),
            (
                json!({"lines": [{"n": 2}]}),
                Some("answer.lines.0.n is 1 and not 2"),
            ),
            (json!({"lines": []}), Some("answer.lines is [")),
            (json!({"name": null}), Some("answer.name is missing")),
        ] {
            let found = differs(&expected, &found, "answer");
            match differs_at {
                None => assert_eq!(found, None, "{expected}"),
                Some(text) => assert!(
                    found.is_some_and(|found| found.starts_with(text)),
                    "{expected}"
                ),
            }
        }
    }

    #[test]
    fn what_was_saved_stands_for_its_name() {
        let saved = BTreeMap::from([("id".to_owned(), "a1".to_owned())]);
        assert_eq!(filled("/notes/${id}/x", &saved), Ok("/notes/a1/x".into()));
        assert_eq!(
            filled_json(&json!({"of": ["${id}"]}), &saved),
            Ok(json!({"of": ["a1"]}))
        );
        assert!(filled("${other}", &saved).is_err());
        assert!(filled("${id", &saved).is_err());
        assert_eq!(
            at(&json!({"items": [{"id": "b"}]}), "items.0.id"),
            Some(&json!("b"))
        );
    }
}
