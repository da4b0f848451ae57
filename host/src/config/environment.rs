//! `STOA_SECTION__KEY` in the environment.
//!
//! The defaults say which keys exist and which of them are texts, so that `STOA_TENANCY__DEFAULT=2024` is a
//! name and not a number. A table that is empty in the defaults takes any key.

use figment::providers::Serialized;
use figment::value::{Dict, Value};
use figment::{Figment, Provider};

use super::ConfigError;

/// What all our variables begin with.
const PREFIX: &str = "STOA_";
/// What the test runner tells the tests; no business of the host.
const PREFIX_OF_TESTS: &str = "STOA_TEST_";
/// What separates section and key.
const SEPARATOR: &str = "__";

/// Under this, values are texts whatever they look like: a secret `0123` keeps its zero. Lists stay lists.
const SECRETS: &str = "plugins.secrets.";

/// Adds the variables that concern us.
pub fn merge(
    mut figment: Figment,
    defaults: &Dict,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Figment, ConfigError> {
    for (variable, text) in variables {
        let Some(name) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        if variable.starts_with(PREFIX_OF_TESTS) {
            continue;
        }
        let path = name.to_ascii_lowercase().replace(SEPARATOR, ".");
        let Some(kind) = kind(defaults, &path) else {
            return Err(ConfigError::UnknownVariable(variable));
        };
        let is_secret = path.starts_with(SECRETS) && !text.starts_with("[\"");
        let value = match kind {
            Kind::Other if is_secret => Value::from(text),
            Kind::Text => Value::from(text),
            Kind::Other => text.parse().unwrap_or_else(|never| match never {}),
        };
        figment = figment.merge(Variable {
            variable,
            path,
            value,
        });
    }
    Ok(figment)
}

/// How a variable's text is read.
enum Kind {
    /// As it is.
    Text,
    /// As a boolean, a number, `[a, list]` or `{a = "table"}` if it looks like one.
    Other,
}

/// How the key at `path` is read; none when there is no such key.
fn kind(defaults: &Dict, path: &str) -> Option<Kind> {
    let (key, rest) = path
        .split_once('.')
        .map_or((path, None), |(key, rest)| (key, Some(rest)));
    match (defaults.get(key)?, rest) {
        (Value::Dict(_, table), Some(rest)) if table.is_empty() && !rest.is_empty() => {
            Some(Kind::Other)
        }
        (Value::Dict(_, table), Some(rest)) => kind(table, rest),
        (Value::Dict(_, table), None) => table.is_empty().then_some(Kind::Other),
        (Value::String(..), None) => Some(Kind::Text),
        (_, None) => Some(Kind::Other),
        (_, Some(_)) => None,
    }
}

/// One variable as a source, so that an error can name it.
struct Variable {
    variable: String,
    path: String,
    value: Value,
}

impl Provider for Variable {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named(format!("the environment's {}", self.variable))
    }

    fn data(&self) -> Result<figment::value::Map<figment::Profile, Dict>, figment::Error> {
        Serialized::default(&self.path, &self.value).data()
    }
}
