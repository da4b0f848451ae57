//! Layers become one configuration: the defaults, a file, the environment.

use std::path::{Path, PathBuf};

use figment::providers::{Format as _, Toml};
use figment::value::Dict;
use figment::{Figment, Profile, Provider as _};

use super::{Config, environment};

/// Every key with its default, as it was when the binary was built.
pub const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there.
    #[error("there is no configuration file {0}")]
    MissingFile(PathBuf),
    /// A variable that begins like ours and is none.
    #[error("the environment's {0} is no configuration key; config/default.toml lists them all")]
    UnknownVariable(String),
    /// A key that does not exist, a value of the wrong type, or no TOML.
    #[error("{}", lines(.0))]
    Malformed(Box<figment::Error>),
    /// Each value is possible, but not all of them together.
    #[error("{0}")]
    Impossible(String),
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> Self {
        Self::Malformed(Box::new(error))
    }
}

/// One line per error: which key of which source, and why.
fn lines(error: &figment::Error) -> String {
    error
        .clone()
        .into_iter()
        .map(|error| line(&error))
        .collect::<Vec<_>>()
        .join("\n")
}

fn line(error: &figment::Error) -> String {
    let key = if error.path.is_empty() {
        String::new()
    } else {
        format!("{}: ", error.path.join("."))
    };
    let source = error
        .metadata
        .as_ref()
        .map_or_else(String::new, |metadata| {
            let place = metadata.source.as_ref();
            place.map_or_else(
                || format!(", in {}", metadata.name),
                |place| format!(", in {place}"),
            )
        });
    format!("{key}{}{source}", error.kind)
}

impl Config {
    /// Reads the defaults, the file if one is given, and this process's environment.
    ///
    /// # Errors
    /// Every [`ConfigError`]; each names the key at fault.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        // A variable that is no text can't be one of ours: those are ASCII.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::from_layers(file, variables)
    }

    /// The same with the environment as an argument.
    ///
    /// # Errors
    /// Every [`ConfigError`].
    pub fn from_layers(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError::MissingFile(file.to_path_buf()));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let figment = environment::merge(figment, &defaults()?, variables)?;
        let config: Self = figment.extract()?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.plugins.check().map_err(ConfigError::Impossible)?;
        self.mail.check().map_err(ConfigError::Impossible)?;
        self.blobs.check().map_err(ConfigError::Impossible)?;
        self.oidc.check().map_err(ConfigError::Impossible)?;
        self.dev.check().map_err(ConfigError::Impossible)?;
        self.telemetry.check().map_err(ConfigError::Impossible)?;
        if self.http.request_ms_max <= self.plugins.limits.cap.wall_ms_max {
            let reason = "http.request_ms_max must be more than plugins.limits.cap.wall_ms_max";
            return Err(ConfigError::Impossible(reason.into()));
        }
        self.redis
            .check()
            .map_err(|error| ConfigError::Impossible(format!("redis.url: {error}")))?;
        self.identity
            .signing_key_der()
            .map_err(|error| ConfigError::Impossible(error.to_string()))?;
        Ok(())
    }
}

fn defaults() -> Result<Dict, ConfigError> {
    Ok(Toml::string(DEFAULTS)
        .data()?
        .remove(&Profile::Default)
        .unwrap_or_default())
}
