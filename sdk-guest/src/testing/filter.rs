//! The meaning of filters, as `wit/deps/stoa-storage@0.1.0` defines it. Their form is checked by `bounds`.

use std::cmp::Ordering;

use serde_json::Value;

use stoa_wit::value::{equal, order};

/// Words of a text match; the host ignores further ones.
const TEXT_WORDS_MAX: usize = 8;

/// A document as a condition sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'d> {
    pub id: &'d Value,
    pub body: &'d Value,
}

impl<'d> Subject<'d> {
    /// The field's value; a missing field is null.
    pub fn field(self, path: &str) -> &'d Value {
        if path == "id" {
            return self.id;
        }
        path.split('.')
            .try_fold(self.body, |value, segment| value.get(segment))
            .unwrap_or(&Value::Null)
    }

    /// Whether it matches.
    pub fn matches(self, filter: &Value) -> bool {
        let single = filter.as_object().and_then(|members| members.iter().next());
        let Some((operator, arguments)) = single else {
            return false;
        };
        let parts = arguments.as_array().map(Vec::as_slice).unwrap_or_default();
        match (operator.as_str(), parts) {
            ("and", parts) => parts.iter().all(|part| self.matches(part)),
            ("or", parts) => parts.iter().any(|part| self.matches(part)),
            ("not", _) => !self.matches(arguments),
            ("text", [paths, words]) => self.has_words(paths, words),
            (operator, [path, wanted]) => holds(
                operator,
                self.field(path.as_str().unwrap_or_default()),
                wanted,
            ),
            _ => false,
        }
    }

    fn has_words(self, paths: &Value, words: &Value) -> bool {
        let paths = paths
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let texts: Vec<String> = paths
            .filter_map(|path| self.field(path).as_str().map(str::to_lowercase))
            .collect();
        let words = words.as_str().unwrap_or_default().to_lowercase();
        let mut words = words.split_whitespace().take(TEXT_WORDS_MAX);
        words.all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

fn holds(operator: &str, found: &Value, wanted: &Value) -> bool {
    let order = order(found, wanted);
    match operator {
        "eq" => equal(found, wanted),
        "ne" => !equal(found, wanted),
        "lt" => order == Some(Ordering::Less),
        "le" => order.is_some_and(Ordering::is_le),
        "gt" => order == Some(Ordering::Greater),
        "ge" => order.is_some_and(Ordering::is_ge),
        "in" => wanted
            .as_array()
            .into_iter()
            .flatten()
            .any(|value| equal(found, value)),
        "contains" => found
            .as_array()
            .into_iter()
            .flatten()
            .any(|value| equal(value, wanted)),
        "prefix" => found
            .as_str()
            .zip(wanted.as_str())
            .is_some_and(|(text, begin)| text.starts_with(begin)),
        _ => false,
    }
}
