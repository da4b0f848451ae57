//! The order of a page, for the engine and for a request's own writes.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use stoa_kernel::query::{Path, SortKey, sort_order};

use crate::encode;
use crate::names::column;

/// An order that is total: the id comes last and goes the way of the key before it, as an index does.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) keys: Vec<(Path, bool)>,
    pub(crate) id_descending: bool,
}

/// Where a document stands in an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) keys: Vec<Json>,
    pub(crate) id: String,
}

impl Order {
    pub(crate) fn of(sort: &[SortKey]) -> Self {
        let before_id = sort.iter().take_while(|key| !key.path.is_id());
        let keys: Vec<(Path, bool)> = before_id
            .map(|key| (key.path.clone(), key.descending))
            .collect();
        // What is sorted by after the id makes no difference.
        let last = sort.get(keys.len()).or(sort.last());
        Self {
            keys,
            id_descending: last.is_some_and(|key| key.descending),
        }
    }

    /// The `ORDER BY` clause.
    pub(crate) fn clause(&self) -> String {
        let direction = |descending: bool| if descending { " DESC" } else { "" };
        let mut parts: Vec<String> = self
            .keys
            .iter()
            .map(|(path, descending)| format!("{}{}", column(path), direction(*descending)))
            .collect();
        parts.push(format!("id{}", direction(self.id_descending)));
        format!(" ORDER BY {}", parts.join(", "))
    }

    pub(crate) fn position(&self, id: &str, document: &Json) -> Position {
        Position {
            keys: self
                .keys
                .iter()
                .map(|(path, _)| path.of(document).clone())
                .collect(),
            id: id.to_owned(),
        }
    }

    pub(crate) fn compare(&self, a: &Position, b: &Position) -> Ordering {
        let directed =
            |order: Ordering, descending: bool| if descending { order.reverse() } else { order };
        let pairs = self.keys.iter().zip(a.keys.iter().zip(&b.keys));
        let by_keys = pairs.map(|((_, descending), (a, b))| directed(compare(a, b), *descending));
        by_keys
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| directed(a.id.cmp(&b.id), self.id_descending))
    }
}

/// The engine's order. It differs from [`sort_order`] in having an order for arrays and objects, too.
pub(crate) fn compare(a: &Json, b: &Json) -> Ordering {
    match (is_nested(a), is_nested(b)) {
        (true, true) => match (encode::encode(a), encode::encode(b)) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        },
        _ => sort_order(a, b),
    }
}

/// Whether the engine takes two values for the same.
pub(crate) fn same(a: &Json, b: &Json) -> bool {
    compare(a, b) == Ordering::Equal
}

const fn is_nested(json: &Json) -> bool {
    matches!(json, Json::Array(_) | Json::Object(_))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(path: &str, descending: bool) -> SortKey {
        SortKey {
            path: Path::parse(path).unwrap(),
            descending,
        }
    }

    #[test]
    fn the_id_breaks_ties_in_the_direction_of_the_last_key() {
        assert_eq!(Order::of(&[]).clause(), " ORDER BY id");
        assert_eq!(
            Order::of(&[key("a", false), key("b", true)]).clause(),
            " ORDER BY doc.`a`, doc.`b` DESC, id DESC"
        );
        assert_eq!(
            Order::of(&[key("a", true), key("id", false), key("b", true)]).clause(),
            " ORDER BY doc.`a` DESC, id"
        );
    }

    #[test]
    fn missing_and_null_are_the_same_place() {
        let order = Order::of(&[key("a", false)]);
        let missing = order.position("1", &json!({}));
        let null = order.position("2", &json!({"a": null}));
        assert_eq!(order.compare(&missing, &null), Ordering::Less);
        assert_eq!(
            order.compare(&order.position("2", &json!({})), &null),
            Ordering::Equal
        );
    }
}
