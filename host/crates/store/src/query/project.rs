//! Projections: only some fields of a document.

use serde_json::{Map, Value};
use stoa_kernel::query::Path;

/// A document with only these fields, where they were.
pub(crate) fn project(document: &Value, fields: &[Path]) -> Value {
    let mut kept = Map::new();
    for path in fields.iter().filter(|path| !path.is_id()) {
        keep(document, &mut kept, &path.segments().collect::<Vec<_>>());
    }
    Value::Object(kept)
}

fn keep(from: &Value, into: &mut Map<String, Value>, segments: &[&str]) {
    let Some((name, rest)) = segments.split_first() else {
        return;
    };
    let Some(member) = from.get(name) else { return };
    if rest.is_empty() {
        into.insert((*name).to_owned(), member.clone());
    } else if member.is_object() {
        let inner = into
            .entry(*name)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(inner) = inner {
            keep(member, inner, rest);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_named_fields_remain() {
        let document = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [4], "f": null});
        let paths = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| Path::parse(text).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            project(&document, &paths(&["a", "b.c", "e.x", "f", "g.h", "id"])),
            json!({"a": 1, "b": {"c": 2}, "f": null})
        );
        assert_eq!(
            project(&document, &paths(&["b.c", "b"])),
            json!({"b": {"c": 2, "d": 3}})
        );
        assert_eq!(
            project(&document, &paths(&["b", "b.c"])),
            json!({"b": {"c": 2, "d": 3}})
        );
    }
}
