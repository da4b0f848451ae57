//! Bounds of what people and workers write. Every refusal names the member at fault.

use serde_json::{Map, Value};
use stoa_guest::check;
use stoa_guest::prelude::*;

/// Characters of a name, a branch, a target: a line of a list.
pub const LINE_CHARS_MAX: usize = 200;
/// Bytes of a command: what a shell's line usually takes.
pub const COMMAND_BYTES_MAX: usize = 8 << 10;
/// Bytes of a configuration: the specification of a run is one document, told to a worker in one answer.
pub const CONFIG_BYTES_MAX: usize = 32 << 10;
/// Levels of a configuration: reading one recurses, and workers have small stacks as well.
pub const CONFIG_DEPTH_MAX: usize = 16;
/// Tests that a run may name.
pub const TESTS_MAX: usize = 1_000;
/// Bytes of all their names.
pub const TESTS_BYTES_MAX: usize = 128 << 10;
/// Labels of a run.
pub const LABELS_MAX: usize = 20;
/// Bytes of a label and of a capability.
pub const LABEL_BYTES_MAX: usize = 64;
/// Capabilities that a worker offers: the store is asked for each of their 2⁷ combinations, of the 200 values that a
/// question may name.
pub const CAPABILITIES_MAX: usize = 7;

/// One line of text, trimmed; neither empty nor too long.
pub fn line(field: &str, text: &str) -> Result<String> {
    check::line(field, text, LINE_CHARS_MAX)
}

/// A line that may be absent; a blank one is.
pub fn optional_line(field: &str, text: Option<&str>) -> Result<Option<String>> {
    check::optional_line(field, text, LINE_CHARS_MAX)
}

/// A text of several lines.
pub fn command(text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.len() > COMMAND_BYTES_MAX || text.contains('\0') {
        let detail = format!("command has at most {COMMAND_BYTES_MAX} bytes, none of them zero.");
        return Err(Problem::invalid("command", detail));
    }
    Ok(Some(text.to_owned()))
}

/// A configuration of bounded size and depth.
pub fn config(config: Map<String, Value>) -> Result<Map<String, Value>> {
    let bytes = serde_json::to_vec(&config).map_or(usize::MAX, |text| text.len());
    let is_deep = config
        .values()
        .any(|value| is_deeper(value, CONFIG_DEPTH_MAX - 1));
    if bytes > CONFIG_BYTES_MAX || is_deep {
        let detail = format!(
            "config has at most {CONFIG_BYTES_MAX} bytes and {CONFIG_DEPTH_MAX} levels of objects."
        );
        return Err(Problem::invalid("config", detail));
    }
    Ok(config)
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    let inside: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => return false,
    };
    let mut inside = inside.into_iter();
    levels == 0 || inside.any(|value| is_deeper(value, levels - 1))
}

/// Names of tests, each a line.
pub fn tests(tests: &[String]) -> Result<Vec<String>> {
    let bytes: usize = tests.iter().map(String::len).sum();
    if tests.len() > TESTS_MAX || bytes > TESTS_BYTES_MAX {
        let detail =
            format!("tests has at most {TESTS_MAX} elements of {TESTS_BYTES_MAX} bytes in all.");
        return Err(Problem::invalid("tests", detail));
    }
    let checked = tests.iter().enumerate();
    checked
        .map(|(at, test)| line(&format!("tests.{at}"), test))
        .collect()
}

/// Labels or capabilities: small words, sorted, each once.
pub fn words(field: &str, words: &[String], max: usize) -> Result<Vec<String>> {
    let mut kept = check::list(field, words, max, |field, text| word(field, text))?;
    kept.sort();
    kept.dedup();
    Ok(kept)
}

fn word(field: &str, text: &str) -> Result<String> {
    let word = text.trim().to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    if (1..=LABEL_BYTES_MAX).contains(&word.len()) && word.bytes().all(is_plain) {
        return Ok(word);
    }
    let detail = format!("{field} is 1 to {LABEL_BYTES_MAX} letters, digits and -_.:/ signs.");
    Err(Problem::invalid(field, detail))
}

/// A number within bounds, or the default.
pub fn number(
    field: &str,
    value: Option<u32>,
    default: u32,
    (least, most): (u32, u32),
) -> Result<u32> {
    let value = value.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Problem::invalid(
        field,
        format!("{field} is {least} to {most}."),
    ))
}

/// The longest beginning of a text that has so many bytes, and whether something is missing.
pub fn beginning(text: &str, bytes_max: usize) -> (&str, bool) {
    if text.len() <= bytes_max {
        return (text, false);
    }
    let end = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at));
    (text.get(..end.unwrap_or(0)).unwrap_or_default(), true)
}

/// Text without control characters but ends of lines and tabs: what is shown in a browser or a terminal must not
/// steer it.
pub fn printable(text: &str, bytes_max: usize) -> String {
    let (text, is_cut) = beginning(text, bytes_max);
    let mut kept: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    if is_cut {
        kept.push('…');
    }
    kept
}
