//! Structured queries: the only way to ask for more than one document, and never text.
//!
//! The same tree is evaluated in two places: by the database, for committed documents, and by
//! [`Filter::matches`], for a request's own writes. Both must agree.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_wit::value::{equal, is_path, order};

pub use stoa_wit::value::sort_order;

use crate::limits;
use crate::store::Document;

/// Depth of a filter: deeper ones are machine-made and cost stack.
pub const FILTER_DEPTH_MAX: usize = 8;
/// Nodes of a filter.
pub const FILTER_NODES_MAX: usize = 64;
/// Values of one `in`.
pub const IN_VALUES_MAX: usize = 200;
/// Keys of a sort, fields of a group.
pub const KEYS_MAX: usize = 4;
/// Calculations of an aggregate.
pub const COMPUTE_MAX: usize = 8;
/// Fields of a projection.
pub const FIELDS_MAX: usize = 64;
/// Words of a text match; further words are ignored.
pub const TEXT_WORDS_MAX: usize = 8;

/// Why a query is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidQuery(pub String);

/// A dotted path of a field: identifiers of letters, digits and `_`, at most 128 bytes. The only text
/// of a guest that ever becomes text of a statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Path(String);

impl Path {
    /// Checks a text.
    ///
    /// # Errors
    /// [`InvalidQuery`] unless each segment is 1 to 63 of letters, digits and `_`, not starting with a digit.
    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        if is_path(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidQuery(format!("{text:?} is no field path")))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its segments.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// The field's value in a document; a missing field is null.
    #[must_use]
    pub fn of<'v>(&self, doc: &'v Value) -> &'v Value {
        self.segments()
            .try_fold(doc, |value, segment| value.get(segment))
            .unwrap_or(&Value::Null)
    }

    /// Whether it is the document's id, which is no field of the body.
    #[must_use]
    pub fn is_id(&self) -> bool {
        self.0 == "id"
    }
}

impl TryFrom<String> for Path {
    type Error = InvalidQuery;
    fn try_from(text: String) -> Result<Self, InvalidQuery> {
        Self::parse(&text)
    }
}

impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.0
    }
}

/// A condition. Values compared are JSON scalars; values of different types are never equal and never
/// ordered; numbers compare by value, texts by code point, `false` before `true`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Filter {
    /// Equal; null matches missing.
    Eq(Path, Value),
    /// Not equal: exactly where `Eq` does not match.
    Ne(Path, Value),
    /// Less, of the same type.
    Lt(Path, Value),
    /// Less or equal, of the same type.
    Le(Path, Value),
    /// Greater, of the same type.
    Gt(Path, Value),
    /// Greater or equal, of the same type.
    Ge(Path, Value),
    /// Equal to one of them.
    In(Path, Vec<Value>),
    /// The field is an array and has this element.
    Contains(Path, Value),
    /// The field is a text that starts so.
    Prefix(Path, String),
    /// Each word of the text occurs in one of the fields, ignoring case ([`words`]).
    Text(Vec<Path>, String),
    /// All of them.
    And(Vec<Filter>),
    /// One of them at least; none if empty.
    Or(Vec<Filter>),
    /// Not it.
    Not(Box<Filter>),
}

/// The words of a text match: lower case, split at white space.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .take(TEXT_WORDS_MAX)
        .map(str::to_lowercase)
        .collect()
}

impl Filter {
    /// Reads and bounds a filter from its JSON text; empty text matches everything.
    ///
    /// # Errors
    /// [`InvalidQuery`] saying what is malformed or too large.
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidQuery> {
        if text.is_empty() {
            return Ok(None);
        }
        let filter: Self =
            serde_json::from_str(text).map_err(|e| InvalidQuery(format!("filter: {e}")))?;
        let mut nodes = 0;
        filter.check(1, &mut nodes)?;
        Ok(Some(filter))
    }

    fn check(&self, depth: usize, nodes: &mut usize) -> Result<(), InvalidQuery> {
        *nodes += 1;
        if depth > FILTER_DEPTH_MAX || *nodes > FILTER_NODES_MAX {
            return Err(InvalidQuery(format!(
                "filter: deeper than {FILTER_DEPTH_MAX} or more than {FILTER_NODES_MAX} nodes"
            )));
        }
        let scalar = |value: &Value| {
            if value.is_array() || value.is_object() {
                Err(InvalidQuery(
                    "filter: only texts, numbers, booleans and null are compared".into(),
                ))
            } else {
                Ok(())
            }
        };
        match self {
            Self::Eq(_, v)
            | Self::Ne(_, v)
            | Self::Lt(_, v)
            | Self::Le(_, v)
            | Self::Gt(_, v)
            | Self::Ge(_, v)
            | Self::Contains(_, v) => scalar(v),
            Self::In(_, values) if values.len() > IN_VALUES_MAX => Err(InvalidQuery(format!(
                "filter: more than {IN_VALUES_MAX} values in one \"in\""
            ))),
            Self::In(_, values) => values.iter().try_for_each(scalar),
            Self::Prefix(..) => Ok(()),
            Self::Text(paths, _) if paths.is_empty() || paths.len() > KEYS_MAX => Err(
                InvalidQuery(format!("filter: \"text\" takes 1 to {KEYS_MAX} fields")),
            ),
            Self::Text(..) => Ok(()),
            Self::And(parts) | Self::Or(parts) => parts
                .iter()
                .try_for_each(|part| part.check(depth + 1, nodes)),
            Self::Not(inner) => inner.check(depth + 1, nodes),
        }
    }

    /// Whether a document matches; `id` is the document's.
    #[must_use]
    pub fn matches(&self, id: &str, doc: &Value) -> bool {
        let id_value;
        let field = |path: &Path| -> Value {
            if path.is_id() {
                Value::from(id)
            } else {
                path.of(doc).clone()
            }
        };
        match self {
            Self::Eq(path, value) => equal(&field(path), value),
            Self::Ne(path, value) => !equal(&field(path), value),
            Self::Lt(path, value) => order(&field(path), value) == Some(Ordering::Less),
            Self::Le(path, value) => order(&field(path), value).is_some_and(Ordering::is_le),
            Self::Gt(path, value) => order(&field(path), value) == Some(Ordering::Greater),
            Self::Ge(path, value) => order(&field(path), value).is_some_and(Ordering::is_ge),
            Self::In(path, values) => {
                id_value = field(path);
                values.iter().any(|value| equal(&id_value, value))
            }
            Self::Contains(path, value) => field(path)
                .as_array()
                .is_some_and(|items| items.iter().any(|item| equal(item, value))),
            Self::Prefix(path, prefix) => field(path)
                .as_str()
                .is_some_and(|text| text.starts_with(prefix.as_str())),
            Self::Text(paths, text) => {
                let fields: Vec<String> = paths
                    .iter()
                    .filter_map(|path| field(path).as_str().map(str::to_lowercase))
                    .collect();
                words(text)
                    .iter()
                    .all(|word| fields.iter().any(|field| field.contains(word.as_str())))
            }
            Self::And(parts) => parts.iter().all(|part| part.matches(id, doc)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(id, doc)),
            Self::Not(inner) => !inner.matches(id, doc),
        }
    }
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// The field; `id` is the document's id.
    pub path: Path,
    /// Largest first.
    pub descending: bool,
}

/// A query within its bounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// None matches everything.
    pub filter: Option<Filter>,
    /// At most [`KEYS_MAX`]; the id, ascending or as the last key, breaks ties.
    pub sort: Vec<SortKey>,
    /// 1 to [`limits::PAGE_LIMIT_MAX`].
    pub limit: u32,
    /// At most [`limits::PAGE_OFFSET_MAX`].
    pub offset: u32,
    /// A cursor of an earlier page of the same query.
    pub cursor: Option<String>,
    /// All if empty.
    pub fields: Vec<Path>,
    /// Whether to count all matches.
    pub total: bool,
}

impl Query {
    /// Checks and clamps.
    ///
    /// # Errors
    /// [`InvalidQuery`] for too many keys or fields, too large an offset, or offset and cursor together.
    pub fn bounded(mut self) -> Result<Self, InvalidQuery> {
        self.limit = self.limit.clamp(1, limits::PAGE_LIMIT_MAX);
        if self.sort.len() > KEYS_MAX || self.fields.len() > FIELDS_MAX {
            return Err(InvalidQuery(format!(
                "more than {KEYS_MAX} sort keys or {FIELDS_MAX} fields"
            )));
        }
        if self.offset > limits::PAGE_OFFSET_MAX {
            return Err(InvalidQuery(format!(
                "offset beyond {}; use the cursor",
                limits::PAGE_OFFSET_MAX
            )));
        }
        if self.offset > 0 && self.cursor.is_some() {
            return Err(InvalidQuery("offset and cursor exclude each other".into()));
        }
        Ok(self)
    }
}

/// A page of documents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The documents, projected.
    pub items: Vec<Document>,
    /// All matches, when asked for.
    pub total: Option<u64>,
    /// Present when there are more.
    pub next_cursor: Option<String>,
}

/// One group key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GroupKey {
    /// A field's value.
    Field(Path),
    /// The UTC day, `YYYY-MM-DD`, of a time in milliseconds.
    Day(Path),
}

/// One calculation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "the names say it; non-numbers are left out of all but Count"
)]
pub enum Compute {
    Count,
    Sum(Path),
    Avg(Path),
    Min(Path),
    Max(Path),
}

impl GroupKey {
    /// Reads `path` or `day:path`.
    ///
    /// # Errors
    /// [`InvalidQuery`] for a malformed path.
    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        match text.strip_prefix("day:") {
            Some(path) => Path::parse(path).map(Self::Day),
            None => Path::parse(text).map(Self::Field),
        }
    }
}

impl Compute {
    /// Reads `count`, `sum:path`, `avg:path`, `min:path` or `max:path`.
    ///
    /// # Errors
    /// [`InvalidQuery`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        match text.split_once(':') {
            None if text == "count" => Ok(Self::Count),
            Some(("sum", path)) => Path::parse(path).map(Self::Sum),
            Some(("avg", path)) => Path::parse(path).map(Self::Avg),
            Some(("min", path)) => Path::parse(path).map(Self::Min),
            Some(("max", path)) => Path::parse(path).map(Self::Max),
            _ => Err(InvalidQuery(format!(
                "{text:?} is not count, sum:, avg:, min: or max:"
            ))),
        }
    }

    /// The word by which the result is named in a row.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Count => "count".into(),
            Self::Sum(path) => format!("sum:{}", path.as_str()),
            Self::Avg(path) => format!("avg:{}", path.as_str()),
            Self::Min(path) => format!("min:{}", path.as_str()),
            Self::Max(path) => format!("max:{}", path.as_str()),
        }
    }
}

/// A calculation over the documents that match.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// None matches everything.
    pub filter: Option<Filter>,
    /// At most [`KEYS_MAX`].
    pub group_by: Vec<GroupKey>,
    /// At most [`COMPUTE_MAX`].
    pub compute: Vec<Compute>,
    /// 1 to [`limits::GROUPS_MAX`].
    pub limit: u32,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    fn filter(value: &Value) -> Filter {
        Filter::parse(&value.to_string()).unwrap().unwrap()
    }

    #[test]
    fn each_operator_matches_what_it_says() {
        let doc =
            json!({"price": 5, "name": "Blue Watch", "tags": ["a", "b"], "deep": {"x": true}});
        for (text, expected) in [
            (json!({"eq": ["price", 5.0]}), true),
            (json!({"eq": ["price", "5"]}), false),
            (json!({"ne": ["price", "5"]}), true),
            (json!({"eq": ["missing", null]}), true),
            (json!({"lt": ["price", 6]}), true),
            (json!({"lt": ["missing", 6]}), false),
            (json!({"ge": ["price", 5]}), true),
            (json!({"gt": ["name", "Blue"]}), true),
            (json!({"in": ["price", [1, 5]]}), true),
            (json!({"contains": ["tags", "b"]}), true),
            (json!({"contains": ["name", "B"]}), false),
            (json!({"prefix": ["name", "Blue"]}), true),
            (json!({"text": [["name"], "WATCH blu"]}), true),
            (json!({"text": [["name"], "watch red"]}), false),
            (json!({"eq": ["deep.x", true]}), true),
            (json!({"eq": ["id", "k"]}), true),
            (json!({"and": []}), true),
            (json!({"or": []}), false),
            (json!({"not": {"eq": ["price", 5]}}), false),
        ] {
            assert_eq!(filter(&text).matches("k", &doc), expected, "{text}");
        }
    }

    #[test]
    fn a_filter_is_bounded_and_its_paths_are_checked() {
        let mut deep = json!({"eq": ["a", 1]});
        for _ in 0..FILTER_DEPTH_MAX {
            deep = json!({"not": deep});
        }
        assert!(Filter::parse(&deep.to_string()).is_err());
        let wide = json!({"or": vec![json!({"eq": ["a", 1]}); FILTER_NODES_MAX]});
        assert!(Filter::parse(&wide.to_string()).is_err());
        for bad in ["a`b", "a; DROP", "", "a..b", "1a", "ä"] {
            assert!(
                Filter::parse(&json!({"eq": [bad, 1]}).to_string()).is_err(),
                "{bad}"
            );
        }
        assert!(Filter::parse(r#"{"like":["a","b"]}"#).is_err());
    }
}
