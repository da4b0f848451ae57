//! Bounds of what may be written. Every refusal names the member at fault.

pub use stoa_guest::check::{line, list, optional_line, prose, tags};
use stoa_guest::prelude::*;

/// Characters of a product's name: a line of a list.
pub const NAME_CHARS_MAX: usize = 200;
/// Characters of a description: a long page.
pub const DESCRIPTION_CHARS_MAX: usize = 20_000;
/// Characters of a brand, category, sku, version: a label.
pub const LABEL_CHARS_MAX: usize = 100;
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
