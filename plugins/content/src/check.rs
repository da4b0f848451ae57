//! Bounds of what may be written. Every refusal names the member at fault.

use jiff::Timestamp;
pub use stoa_guest::check::{line, list, optional_line, prose, tags};
use stoa_guest::prelude::*;

/// Characters of a title: a line of a list.
pub const TITLE_CHARS_MAX: usize = 200;
/// Characters of an excerpt, a description for search engines, a note.
pub const EXCERPT_CHARS_MAX: usize = 500;
/// Characters of a category, a place, a department, somebody's name: a label.
pub const LABEL_CHARS_MAX: usize = 100;
/// Bytes of an address: what browsers and proxies agree to carry.
pub const URL_BYTES_MAX: usize = 2_048;
/// Bytes of an e-mail address (RFC 5321, 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;

/// An address on the web.
pub fn web_url(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    let host = ["https://", "http://"].map(|scheme| text.strip_prefix(scheme));
    let has_host = host.into_iter().flatten().any(|rest| !rest.is_empty());
    if has_host && is_plain_url(text) {
        return Ok(text.to_owned());
    }
    let detail = format!("{field} is an http or https address of at most {URL_BYTES_MAX} bytes.");
    Err(Problem::invalid(field, detail))
}

/// The address of a picture: on the web, on this host, or `blob:` and the id of a public upload, which gives way to
/// the address under which everybody sees it.
pub fn picture(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if let Some(id) = blobs::named(text) {
        let public = blobs::stat(id)?.and_then(|info| info.public_path);
        return public
            .ok_or_else(|| Problem::invalid(field, format!("{field} is no public picture.")));
    }
    let is_ours = text.starts_with('/') && !text.starts_with("//");
    if is_ours && is_plain_url(text) {
        return Ok(text.to_owned());
    }
    web_url(field, text)
}

/// The id of an upload that is named as `blob:<id>`.
pub fn blob_id<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    blobs::named(text.trim()).ok_or_else(|| {
        let detail = format!("{field} is blob: and the id of an upload.");
        Problem::invalid(field, detail)
    })
}

fn is_plain_url(text: &str) -> bool {
    let is_odd = |c: char| {
        c.is_control() || c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`')
    };
    text.len() <= URL_BYTES_MAX && !text.contains(is_odd)
}

/// An e-mail address as it is compared: in lower case.
pub fn email(field: &str, text: &str) -> Result<String> {
    let text = text.trim().to_lowercase();
    let is_odd = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, ',' | ';' | ':' | '<' | '>' | '"' | '(' | ')')
    };
    let parts = text.split_once('@');
    let is_address = parts.is_some_and(|(who, host)| {
        !who.is_empty() && host.split('.').all(|label| !label.is_empty()) && !host.contains('@')
    });
    if is_address && text.len() <= EMAIL_BYTES_MAX && !text.contains(is_odd) {
        return Ok(text);
    }
    Err(Problem::invalid(
        field,
        format!("{field} is no e-mail address."),
    ))
}

/// A time as RFC 3339 writes it, in milliseconds since 1970.
pub fn time(field: &str, text: &str) -> Result<u64> {
    let parsed = text.trim().parse::<Timestamp>().ok();
    let ms = parsed.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    ms.ok_or_else(|| {
        let detail = format!("{field} is a time such as 2026-05-04T09:00:00Z.");
        Problem::invalid(field, detail)
    })
}
