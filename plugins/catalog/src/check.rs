//! Bounds of what may be written. Every refusal names the member at fault.

use stoa_guest::prelude::*;

/// Characters of a product's name: a line of a list.
pub const NAME_CHARS_MAX: usize = 200;
/// Characters of a description: a long page.
pub const DESCRIPTION_CHARS_MAX: usize = 20_000;
/// Characters of a brand, category, sku, version: a label.
pub const LABEL_CHARS_MAX: usize = 100;
/// Characters of a tag.
pub const TAG_CHARS_MAX: usize = 40;
/// Tags of one product.
pub const TAGS_MAX: usize = 30;
/// Bytes of an address: what browsers and proxies agree to carry.
pub const URL_BYTES_MAX: usize = 2_048;
/// Pictures of one product, and screenshots.
pub const IMAGES_MAX: usize = 20;
/// Lines of requirements or compatibility.
pub const LINES_MAX: usize = 50;
/// Bytes of a product's id.
pub const ID_BYTES_MAX: usize = 64;
/// Characters of an account's id.
pub const ACCOUNT_CHARS_MAX: usize = 128;
/// Minor units of a price: a hundred million dollars; larger is a slip of the keyboard.
pub const PRICE_MINOR_MAX: i64 = 10_000_000_000;
/// Pieces in stock: what one sale may take at most.
pub const STOCK_MAX: u32 = 1_000_000;
/// Bytes of a downloadable file: a tebibyte.
pub const FILE_BYTES_MAX: u64 = 1 << 40;

/// One line of text, trimmed; neither empty nor too long.
pub fn line(field: &str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > chars_max {
        return Err(Problem::invalid(
            field,
            format!("{field} has 1 to {chars_max} characters."),
        ));
    }
    if text.contains(char::is_control) {
        return Err(Problem::invalid(
            field,
            format!("{field} has no control characters."),
        ));
    }
    Ok(text.to_string())
}

/// A line that may be absent; a blank one is.
pub fn optional_line(field: &str, text: Option<&str>, chars_max: usize) -> Result<Option<String>> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => line(field, text, chars_max).map(Some),
    }
}

/// Text of several lines, possibly empty.
pub fn prose(field: &str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > chars_max {
        return Err(Problem::invalid(
            field,
            format!("{field} has at most {chars_max} characters."),
        ));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(Problem::invalid(
            field,
            format!("{field} has no control characters."),
        ));
    }
    Ok(text.to_string())
}

/// The address of a picture or file: on the web, or on this host.
pub fn url(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    let is_ours = text.starts_with('/') && !text.starts_with("//");
    let is_known = is_ours || text.starts_with("https://") || text.starts_with("http://");
    let is_plain = !text.contains(|c: char| {
        c.is_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\')
    });
    if is_known && is_plain && text.len() <= URL_BYTES_MAX {
        return Ok(text.to_string());
    }
    Err(Problem::invalid(
        field,
        format!("{field} is an http, https or local address of at most {URL_BYTES_MAX} bytes."),
    ))
}

/// Each element of a list of bounded length, checked under a name such as `tags.3`.
pub fn list<T>(
    field: &str,
    items: &[T],
    max: usize,
    check: impl Fn(&str, &T) -> Result<T>,
) -> Result<Vec<T>> {
    if items.len() > max {
        return Err(Problem::invalid(
            field,
            format!("{field} has at most {max} elements."),
        ));
    }
    items
        .iter()
        .enumerate()
        .map(|(i, item)| check(&format!("{field}.{i}"), item))
        .collect()
}

/// Tags in lower case, each once.
pub fn tags(field: &str, tags: &[String]) -> Result<Vec<String>> {
    let mut known = Vec::with_capacity(tags.len());
    for tag in list(field, tags, TAGS_MAX, |field, tag| {
        line(field, &tag.to_lowercase(), TAG_CHARS_MAX)
    })? {
        if !known.contains(&tag) {
            known.push(tag);
        }
    }
    Ok(known)
}

/// Whether a text can be a product's id: what survives every path and log line.
pub fn is_id(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

/// An id that a client chooses.
pub fn id(field: &str, text: &str) -> Result<String> {
    if is_id(text) {
        return Ok(text.to_string());
    }
    Err(Problem::invalid(
        field,
        format!("{field} has 1 to {ID_BYTES_MAX} letters, digits, - and _."),
    ))
}

/// A count within its bound.
pub fn at_most<T: PartialOrd + std::fmt::Display>(field: &str, count: T, max: T) -> Result<T> {
    if count > max {
        return Err(Problem::invalid(
            field,
            format!("{field} is at most {max}."),
        ));
    }
    Ok(count)
}
