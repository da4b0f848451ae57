//! Filters as conditions, with every value bound. They mean exactly what [`Filter::matches`] does.
//!
//! The engine orders values of all types in one line: none, booleans, numbers, texts, then (as documents are
//! encoded) objects. So "of the same type" is said by bounds on the field itself, which indexes can serve.

use serde_json::Value as Json;
use stoa_kernel::query::{Filter, Path, words};
use surrealdb::types::{RecordId, Value, Variables};

use crate::encode::{ELEMENTS, scalar};
use crate::names::column;

/// Below every number, and above every boolean.
const BELOW_NUMBERS: &str = "true";
/// The least text, above every number.
const LEAST_TEXT: &str = "''";
/// Above every text, below every object.
const ABOVE_TEXTS: &str = "[]";

/// The conditions of a statement and the values bound to it.
pub(crate) struct Conditions<'t> {
    table: &'t str,
    terms: Vec<String>,
    variables: Variables,
}

impl<'t> Conditions<'t> {
    /// No condition on a table.
    pub(crate) fn new(table: &'t str) -> Self {
        Self {
            table,
            terms: Vec::new(),
            variables: Variables::new(),
        }
    }

    /// Binds a value and answers its name in the text.
    pub(crate) fn bind(&mut self, value: Value) -> String {
        let name = format!("p{}", self.variables.len());
        let shown = format!("${name}");
        self.variables.insert(name, value);
        shown
    }

    /// A document's record id on this table.
    pub(crate) fn record(&self, id: &str) -> Value {
        Value::RecordId(RecordId::new(self.table, id))
    }

    /// Adds a term, which is joined to the others by AND.
    pub(crate) fn push(&mut self, term: String) {
        self.terms.push(term);
    }

    /// Adds a filter, its conjuncts apart so that the planner sees each.
    pub(crate) fn filter(&mut self, filter: &Filter) {
        if let Filter::And(parts) = filter {
            parts.iter().for_each(|part| self.filter(part));
        } else {
            let term = self.term(filter);
            self.terms.push(term);
        }
    }

    /// The `WHERE` clause, and the values bound.
    pub(crate) fn finish(self) -> (String, Variables) {
        let clause = if self.terms.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.terms.join(" AND "))
        };
        (clause, self.variables)
    }

    fn term(&mut self, filter: &Filter) -> String {
        match filter {
            Filter::Eq(path, value) => self.equal(path, value),
            Filter::Ne(path, value) => format!("!({})", self.equal(path, value)),
            Filter::Lt(path, value) => self.ordered(path, "<", value),
            Filter::Le(path, value) => self.ordered(path, "<=", value),
            Filter::Gt(path, value) => self.ordered(path, ">", value),
            Filter::Ge(path, value) => self.ordered(path, ">=", value),
            Filter::In(path, values) => self.one_of(path, values),
            Filter::Contains(path, _) if path.is_id() => "false".into(),
            Filter::Contains(path, value) => {
                let value = self.bind(scalar(value));
                format!("{}.`{ELEMENTS}` CONTAINS {value}", column(path))
            }
            Filter::Prefix(path, prefix) => self.prefix(path, prefix),
            Filter::Text(paths, text) => {
                let words: Vec<String> = words(text)
                    .iter()
                    .map(|word| self.word(paths, word))
                    .collect();
                joined(&words, " AND ", "true")
            }
            Filter::And(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.term(part)).collect();
                joined(&parts, " AND ", "true")
            }
            Filter::Or(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.term(part)).collect();
                joined(&parts, " OR ", "false")
            }
            Filter::Not(inner) => format!("!({})", self.term(inner)),
        }
    }

    fn equal(&mut self, path: &Path, value: &Json) -> String {
        match (path.is_id(), value) {
            (true, Json::String(id)) => {
                let record = self.bind(self.record(id));
                format!("id = {record}")
            }
            (true, _) => "false".into(),
            (false, Json::Null) => format!("{} = NONE", column(path)),
            (false, value) => {
                let value = self.bind(scalar(value));
                format!("{} = {value}", column(path))
            }
        }
    }

    fn one_of(&mut self, path: &Path, values: &[Json]) -> String {
        let has_null = values.iter().any(Json::is_null);
        let values = values
            .iter()
            .filter_map(|value| match (path.is_id(), value) {
                (_, Json::Null) => None,
                (true, Json::String(id)) => Some(self.record(id)),
                (true, _) => None,
                (false, value) => Some(scalar(value)),
            });
        let values = Value::Array(values.collect::<Vec<Value>>().into());
        let values = self.bind(values);
        let column = column(path);
        if has_null && !path.is_id() {
            format!("({column} IN {values} OR {column} = NONE)")
        } else {
            format!("{column} IN {values}")
        }
    }

    /// A comparison with values of the same type.
    fn ordered(&mut self, path: &Path, operator: &str, value: &Json) -> String {
        let upwards = operator.starts_with('>');
        let bound = match (path.is_id(), value) {
            (true, Json::String(id)) => {
                let record = self.bind(self.record(id));
                return format!("id {operator} {record}");
            }
            (true, _) | (false, Json::Null | Json::Array(_) | Json::Object(_)) => {
                return "false".into();
            }
            (false, Json::Bool(_)) if upwards => format!("<= {BELOW_NUMBERS}"),
            (false, Json::Bool(_)) => ">= false".into(),
            (false, Json::Number(_)) if upwards => format!("< {LEAST_TEXT}"),
            (false, Json::Number(_)) => format!("> {BELOW_NUMBERS}"),
            (false, Json::String(_)) if upwards => format!("< {ABOVE_TEXTS}"),
            (false, Json::String(_)) => format!(">= {LEAST_TEXT}"),
        };
        let column = column(path);
        let value = self.bind(scalar(value));
        format!("({column} {operator} {value} AND {column} {bound})")
    }

    fn prefix(&mut self, path: &Path, prefix: &str) -> String {
        if path.is_id() {
            let prefix = self.bind(Value::String(prefix.into()));
            return format!("string::starts_with(record::id(id), {prefix})");
        }
        let column = column(path);
        let end = match after_prefix(prefix) {
            Some(end) => self.bind(Value::String(end)),
            None => ABOVE_TEXTS.into(),
        };
        let start = self.bind(Value::String(prefix.into()));
        format!("({column} >= {start} AND {column} < {end})")
    }

    fn word(&mut self, paths: &[Path], word: &str) -> String {
        let word = self.bind(Value::String(word.into()));
        let fields = paths.iter().map(|path| match path.is_id() {
            true => format!("string::contains(string::lowercase(record::id(id)), {word})"),
            false => {
                let column = column(path);
                format!("(type::is_string({column}) AND string::contains(string::lowercase({column}), {word}))")
            }
        });
        joined(&fields.collect::<Vec<_>>(), " OR ", "false")
    }
}

fn joined(parts: &[String], by: &str, empty: &str) -> String {
    if parts.is_empty() {
        empty.into()
    } else {
        format!("({})", parts.join(by))
    }
}

/// The least text that is greater than every text with the prefix; none if there is no such text.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // The surrogates are no characters, so the step over them is done by hand.
        let next = if last == '\u{d7ff}' {
            Some('\u{e000}')
        } else {
            char::from_u32(u32::from(last) + 1)
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_after_a_prefix_is_the_least_without_it() {
        assert_eq!(after_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(after_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
        assert_eq!(after_prefix(""), None);
    }
}
