//! Letters are named after templates; here a template and a letter's values become a subject, a plain text
//! and HTML.

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior, Value};
use serde_json::Value as Json;
use stoa_kernel::mail::Letter;

use crate::message::Content;

/// A template's files and the values that it needs.
struct Source {
    name: &'static str,
    values: &'static [&'static str],
    /// Names of files with their texts; what ends in `.html` is escaped.
    files: [(&'static str, &'static str); 3],
}

macro_rules! sources {
    ($($name:literal: $values:expr,)*) => {
        &[$(Source {
            name: $name,
            values: &$values,
            files: [
                sources!(@file $name, ".subject"),
                sources!(@file $name, ".txt"),
                sources!(@file $name, ".html"),
            ],
        }),*]
    };
    (@file $name:literal, $ending:literal) => {
        (concat!($name, $ending), include_str!(concat!("../templates/", $name, $ending)))
    };
}

/// Every template.
const SOURCES: &[Source] = sources! {
    "account-exists": ["name"],
    "invitation": ["organization", "inviter", "role", "link"],
    "one-time-code": ["code", "minutes"],
    "password-changed": ["name"],
    "plain": ["subject", "text"],
    "reset-password": ["name", "link", "minutes"],
    "verify-email": ["name", "link"],
    "welcome": ["name"],
};

/// What surrounds the HTML of each.
const LAYOUT: (&str, &str) = ("layout.html", include_str!("../templates/layout.html"));

/// The one value that may have several lines: the words of a letter that somebody else has written.
const PROSE: &str = "text";

/// Why a letter can't be written. No message shows a value: some are secret.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// There is no such template.
    #[error("there is no template of this name")]
    Unknown,
    /// A value is missing, or is neither text nor number.
    #[error("the value {0} is missing, or is neither a text nor a number")]
    Value(&'static str),
    /// The template itself is wrong.
    #[error("the template can't be filled: {0}")]
    Malformed(#[from] minijinja::Error),
}

/// The templates, ready to be filled.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Reads those that the binary contains.
    ///
    /// # Errors
    /// [`TemplateError::Malformed`].
    pub fn load() -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let files = SOURCES.iter().flat_map(|source| source.files);
        for (name, text) in files.chain([LAYOUT]) {
            environment.add_template(name, text)?;
        }
        Ok(Self(environment))
    }

    /// Fills the letter's template.
    ///
    /// # Errors
    /// Every [`TemplateError`].
    pub fn render(&self, letter: &Letter) -> Result<Content, TemplateError> {
        let source = source(letter)?;
        let values = values(source, letter)?;
        let [subject, text, html] = source
            .files
            .map(|(file, _)| self.0.get_template(file)?.render(&values));
        let (subject, layout) = (subject?, self.0.get_template(LAYOUT.0)?);
        let html = layout.render(BTreeMap::from([
            ("subject", Value::from(subject.as_str())),
            // Escaped when it was filled.
            ("content", Value::from_safe_string(html?)),
        ]))?;
        Ok(Content {
            subject,
            text: text?,
            html,
        })
    }

    /// Whether the letter's template exists and has all its values: what is wrong is wrong in the code that
    /// asks, and should show there.
    ///
    /// # Errors
    /// [`TemplateError::Unknown`] and [`TemplateError::Value`].
    pub fn check(letter: &Letter) -> Result<(), TemplateError> {
        values(source(letter)?, letter).map(drop)
    }
}

fn source(letter: &Letter) -> Result<&'static Source, TemplateError> {
    let mut sources = SOURCES.iter();
    sources
        .find(|source| source.name == letter.template)
        .ok_or(TemplateError::Unknown)
}

type Values = BTreeMap<&'static str, String>;

fn values(source: &Source, letter: &Letter) -> Result<Values, TemplateError> {
    let text = |name| match letter.values.get(name) {
        Some(Json::String(text)) if name == PROSE => Ok(in_lines(text)),
        Some(Json::String(text)) => Ok(one_line(text)),
        Some(Json::Number(number)) => Ok(number.to_string()),
        _ => Err(TemplateError::Value(name)),
    };
    let names = source.values.iter();
    names.map(|name| Ok((*name, text(name)?))).collect()
}

fn in_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(one_line).collect();
    lines.join("\n")
}

/// No other value has several lines: a name must not look like a paragraph of ours.
fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.replace(is_break, " ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests;
