//! Bounds of what buyers and sellers write. Every refusal names the member at fault.

use stoa_guest::prelude::*;

/// One line of text, trimmed; neither empty nor too long.
pub fn line(field: &str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.trim();
    let is_line = !text.is_empty() && text.chars().count() <= chars_max;
    if !is_line || text.contains(char::is_control) {
        let detail =
            format!("{field} has 1 to {chars_max} characters, none of them control characters.");
        return Err(Problem::invalid(field, detail));
    }
    Ok(text.to_owned())
}

/// A line that may be absent; a blank one is.
pub fn optional_line(field: &str, text: Option<&str>, chars_max: usize) -> Result<Option<String>> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => line(field, text, chars_max).map(Some),
    }
}

/// Text of several lines that may be absent.
pub fn optional_prose(field: &str, text: Option<&str>, chars_max: usize) -> Result<Option<String>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().count() > chars_max || text.contains(is_odd) {
        let detail = format!("{field} has at most {chars_max} characters.");
        return Err(Problem::invalid(field, detail));
    }
    Ok(Some(text.to_owned()))
}
