//! Bounds of what clients write, the same in all plugins. Every refusal is a 400 that names the member at fault and
//! says its bound. How long a text may be is the plugin's to say.

use crate::storage::{Filter, text as has_words};
use crate::{Problem, Result};

/// Tags of one thing: more than anybody reads.
pub const TAGS_MAX: usize = 30;

/// Characters of a tag: one or a few words.
pub const TAG_CHARS_MAX: usize = 40;

/// Bytes of the words that one query may search for: each word costs the store a comparison by document and field.
pub const SEARCH_BYTES_MAX: usize = 200;

/// One line of text, trimmed: 1 to `chars_max` characters, none of them control characters.
///
/// # Errors
/// 400 that names `field`.
pub fn line(field: &str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > chars_max {
        let detail = format!("{field} has 1 to {chars_max} characters.");
        return Err(Problem::invalid(field, detail));
    }
    free_of(field, text, char::is_control)
}

/// As [`line`], for one that may be absent; a blank one is.
///
/// # Errors
/// As [`line`].
pub fn optional_line(field: &str, text: Option<&str>, chars_max: usize) -> Result<Option<String>> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => line(field, text, chars_max).map(Some),
    }
}

/// Text of several lines, trimmed, possibly empty: at most `chars_max` characters, no control characters but tabs and
/// ends of lines.
///
/// # Errors
/// 400 that names `field`.
pub fn prose(field: &str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > chars_max {
        let detail = format!("{field} has at most {chars_max} characters.");
        return Err(Problem::invalid(field, detail));
    }
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    free_of(field, text, is_odd)
}

fn free_of(field: &str, text: &str, is_odd: impl Fn(char) -> bool) -> Result<String> {
    if text.contains(is_odd) {
        let detail = format!("{field} has no control characters.");
        return Err(Problem::invalid(field, detail));
    }
    Ok(text.to_owned())
}

/// Any text of at most `bytes_max` bytes, none of them zero.
///
/// # Errors
/// 400 that names `field`.
pub fn within(field: &str, text: &str, bytes_max: usize) -> Result<()> {
    if text.len() > bytes_max || text.contains('\0') {
        let detail = format!("{field} is at most {bytes_max} bytes long.");
        return Err(Problem::invalid(field, detail));
    }
    Ok(())
}

/// Each element of a list of at most `count_max`, as `check` answers it, which is told a name such as `tags.3`.
///
/// # Errors
/// 400 that names `field`; those of `check`.
pub fn list<T, U>(
    field: &str,
    items: &[T],
    count_max: usize,
    check: impl Fn(&str, &T) -> Result<U>,
) -> Result<Vec<U>> {
    if items.len() > count_max {
        let detail = format!("{field} has at most {count_max} elements.");
        return Err(Problem::invalid(field, detail));
    }
    let items = items.iter().enumerate();
    items
        .map(|(at, item)| check(&format!("{field}.{at}"), item))
        .collect()
}

/// Tags in lower case, each once, in the order in which they came: at most [`TAGS_MAX`] lines of at most
/// [`TAG_CHARS_MAX`] characters.
///
/// # Errors
/// 400 that names `field`, or the tag.
pub fn tags(field: &str, tags: &[String]) -> Result<Vec<String>> {
    let tags = list(field, tags, TAGS_MAX, |field, tag| {
        line(field, &tag.to_lowercase(), TAG_CHARS_MAX)
    })?;
    let mut known = Vec::with_capacity(tags.len());
    for tag in tags {
        if !known.contains(&tag) {
            known.push(tag);
        }
    }
    Ok(known)
}

/// The condition that all words which a query searches for stand in some of the fields at `paths`; none for blank
/// ones. Queries name them `search` or `q`; where they have both, `search` counts.
///
/// # Errors
/// 400 that names the parameter beyond [`SEARCH_BYTES_MAX`].
pub fn search(search: Option<&str>, q: Option<&str>, paths: &[&str]) -> Result<Option<Filter>> {
    let named = search.map(|words| ("search", words));
    let Some((field, words)) = named.or(q.map(|words| ("q", words))) else {
        return Ok(None);
    };
    if words.len() > SEARCH_BYTES_MAX {
        let detail = format!("{field} has at most {SEARCH_BYTES_MAX} bytes.");
        return Err(Problem::invalid(field, detail));
    }
    Ok((!words.trim().is_empty()).then(|| has_words(paths, words)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    /// The member at fault and what is said of it.
    fn told<T: std::fmt::Debug>(refused: Result<T>) -> (String, String) {
        let problem = refused.unwrap_err();
        assert_eq!(problem.status, 400);
        (problem.field.unwrap(), problem.detail)
    }

    fn says(field: &str, detail: &str) -> (String, String) {
        (field.into(), detail.into())
    }

    #[test]
    fn a_line_is_trimmed_and_bounded_in_characters() {
        assert_eq!(line("name", " äöü ", 3).unwrap(), "äöü");
        let bounds = says("name", "name has 1 to 3 characters.");
        assert_eq!(told(line("name", "äöüß", 3)), bounds);
        assert_eq!(told(line("name", " \n ", 3)), bounds);
        let plain = says("name", "name has no control characters.");
        assert_eq!(told(line("name", "a\tb", 3)), plain);
        assert_eq!(optional_line("name", Some("  "), 3).unwrap(), None);
        assert_eq!(optional_line("name", None, 3).unwrap(), None);
        assert_eq!(
            optional_line("name", Some("a "), 3).unwrap(),
            Some("a".into())
        );
        assert_eq!(told(optional_line("name", Some("long"), 3)), bounds);
    }

    #[test]
    fn prose_has_lines_and_may_be_empty() {
        assert_eq!(prose("text", " a\r\n\tb ", 5).unwrap(), "a\r\n\tb");
        assert_eq!(prose("text", " ", 5).unwrap(), "");
        let bounds = says("text", "text has at most 5 characters.");
        assert_eq!(told(prose("text", "123456", 5)), bounds);
        let plain = says("text", "text has no control characters.");
        assert_eq!(told(prose("text", "a\u{1b}[0m", 5)), plain);
    }

    #[test]
    fn what_is_measured_in_bytes_has_no_zero() {
        within("bio", "ä\n", 3).unwrap();
        let bounds = says("bio", "bio is at most 3 bytes long.");
        assert_eq!(told(within("bio", "ää", 3)), bounds);
        assert_eq!(told(within("bio", "\0", 3)), bounds);
    }

    #[test]
    fn lists_are_counted_and_name_the_element_at_fault() {
        let short = |field: &str, item: &&str| line(field, item, 2);
        assert_eq!(list("of", &["a ", "b"], 2, short).unwrap(), ["a", "b"]);
        let bounds = says("of", "of has at most 1 elements.");
        assert_eq!(told(list("of", &["a", "b"], 1, short)), bounds);
        let at = says("of.1", "of.1 has 1 to 2 characters.");
        assert_eq!(told(list("of", &["a", "long"], 2, short)), at);
    }

    #[test]
    fn tags_are_told_once_in_lower_case() {
        let of = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let kept = tags("tags", &of(&["Red ", "blue", "RED"])).unwrap();
        assert_eq!(kept, ["red", "blue"]);
        let long = "x".repeat(TAG_CHARS_MAX + 1);
        assert_eq!(told(tags("tags", &of(&["a", &long]))).0, "tags.1");
        assert_eq!(told(tags("tags", &of(&["a"; TAGS_MAX + 1]))).0, "tags");
    }

    #[test]
    fn words_are_searched_by_either_name() {
        let of = |first, second| search(first, second, &["name"]);
        let words = |words| Some(has_words(&["name"], words));
        assert_eq!(of(Some("a b"), Some("c")).unwrap(), words("a b"));
        assert_eq!(of(None, Some("c")).unwrap(), words("c"));
        assert_eq!(of(Some(" "), Some("c")).unwrap(), None);
        assert_eq!(of(None, None).unwrap(), None);
        let long = "x".repeat(SEARCH_BYTES_MAX + 1);
        let long = Some(long.as_str());
        assert_eq!(
            told(of(long, None)),
            says("search", "search has at most 200 bytes.")
        );
        assert_eq!(told(of(None, long)), says("q", "q has at most 200 bytes."));
    }
}
