//! Conditions of queries. Values of different types are never equal and never ordered; a missing field is null.

use serde_json::{Value, json};

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(pub(crate) Value);

fn compare(operator: &str, path: &str, value: impl Into<Value>) -> Filter {
    Filter(json!({ operator: [path, value.into()] }))
}

/// The field equals the value; null matches a missing field.
pub fn eq(path: &str, value: impl Into<Value>) -> Filter {
    compare("eq", path, value)
}

/// The field does not equal the value.
pub fn ne(path: &str, value: impl Into<Value>) -> Filter {
    compare("ne", path, value)
}

/// The field is less.
pub fn lt(path: &str, value: impl Into<Value>) -> Filter {
    compare("lt", path, value)
}

/// The field is less or equal.
pub fn le(path: &str, value: impl Into<Value>) -> Filter {
    compare("le", path, value)
}

/// The field is greater.
pub fn gt(path: &str, value: impl Into<Value>) -> Filter {
    compare("gt", path, value)
}

/// The field is greater or equal.
pub fn ge(path: &str, value: impl Into<Value>) -> Filter {
    compare("ge", path, value)
}

/// The field is an array that has this element.
pub fn contains(path: &str, value: impl Into<Value>) -> Filter {
    compare("contains", path, value)
}

/// The field is a text that starts so.
#[must_use]
pub fn prefix(path: &str, text: &str) -> Filter {
    compare("prefix", path, text)
}

/// The field equals one of the values (at most 200).
pub fn one_of<V: Into<Value>>(path: &str, values: impl IntoIterator<Item = V>) -> Filter {
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    Filter(json!({ "in": [path, values] }))
}

/// Each word of the text occurs in one of the fields, ignoring case.
#[must_use]
pub fn text(paths: &[&str], words: &str) -> Filter {
    Filter(json!({ "text": [paths, words] }))
}

/// All of them; everything if there is none.
pub fn and(filters: impl IntoIterator<Item = Filter>) -> Filter {
    Filter(json!({ "and": filters.into_iter().map(|filter| filter.0).collect::<Vec<_>>() }))
}

/// One of them at least; nothing if there is none.
pub fn or(filters: impl IntoIterator<Item = Filter>) -> Filter {
    Filter(json!({ "or": filters.into_iter().map(|filter| filter.0).collect::<Vec<_>>() }))
}

/// Not it.
#[must_use]
pub fn not(filter: Filter) -> Filter {
    Filter(json!({ "not": filter.0 }))
}

/// Everything.
#[must_use]
pub fn any() -> Filter {
    and([])
}

impl Filter {
    /// This and that.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self.0 {
            Value::Object(mut map) if map.contains_key("and") => {
                if let Some(Value::Array(parts)) = map.get_mut("and") {
                    parts.push(other.0);
                }
                Self(Value::Object(map))
            }
            first => and([Self(first), other]),
        }
    }

    /// This or that.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        or([self, other])
    }

    /// As the host reads it.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_print_as_the_host_reads_them() {
        let filter = eq("status", "active")
            .and(ge("price.minor", 100))
            .and(text(&["name"], "blue"));
        assert_eq!(
            filter.to_json(),
            r#"{"and":[{"eq":["status","active"]},{"ge":["price.minor",100]},{"text":[["name"],"blue"]}]}"#
        );
        assert_eq!(one_of("a", [1, 2]).to_json(), r#"{"in":["a",[1,2]]}"#);
        assert_eq!(
            not(prefix("a", "b")).to_json(),
            r#"{"not":{"prefix":["a","b"]}}"#
        );
    }
}
