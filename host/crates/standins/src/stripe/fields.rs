//! Parameters: forms whose names nest with brackets.

use std::collections::BTreeMap;

use super::fault::Fault;

/// The parameters of a request, by their names as they were written.
#[derive(Debug, Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// Refuses what an endpoint does not know.
    pub fn only(&self, known: &[&str]) -> Result<(), Fault> {
        let outer = |name: &str| name.split('[').next().unwrap_or_default().to_owned();
        let mut names = self.0.keys().map(|name| outer(name));
        match names.find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(
                Fault::invalid(format!("Received unknown parameter: {name}"))
                    .with("code", "parameter_unknown")
                    .with("param", name),
            ),
        }
    }

    /// A parameter that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    pub fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    pub fn needed(&self, name: &str) -> Result<&str, Fault> {
        self.text(name).ok_or_else(|| {
            Fault::invalid(format!("Missing required param: {name}."))
                .with("code", "parameter_missing")
                .with("param", name)
        })
    }

    pub fn integer(&self, name: &str) -> Result<Option<i64>, Fault> {
        let parse = |text: &str| {
            text.parse().map_err(|_| {
                Fault::invalid(format!("Invalid integer: {text}"))
                    .with("code", "parameter_invalid_integer")
                    .with("param", name)
            })
        };
        self.text(name).map(parse).transpose()
    }

    pub fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// The entries of `name[…]`.
    pub fn map(&self, name: &str) -> BTreeMap<String, String> {
        let key = |full: &str| {
            let inner = full
                .strip_prefix(name)?
                .strip_prefix('[')?
                .strip_suffix(']')?;
            Some(inner.to_owned())
        };
        let entries = self.0.iter();
        entries
            .filter_map(|(full, value)| Some((key(full)?, value.clone())))
            .collect()
    }
}
