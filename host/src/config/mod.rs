//! What an operator may set. `config/default.toml` documents every key; here is one file per section.
//!
//! Files and environment are read here and nowhere else: everything below gets structs.

mod blobs;
mod bootstrap;
mod data;
mod dev;
mod environment;
mod http;
mod identity;
mod limits;
mod live;
mod load;
mod log;
mod mail;
mod oidc;
mod plugins;
mod redis;
mod store;
mod telemetry;
mod tenancy;
mod trust;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::Deserialize;

pub use blobs::Blobs;
pub use bootstrap::Bootstrap;
pub use data::Data;
pub use dev::Dev;
pub use http::Http;
pub use identity::Identity;
pub use limits::Limits;
pub use live::Live;
pub use load::ConfigError;
pub use log::{Format, Log};
pub use mail::{Mail, WayOut};
pub use oidc::Oidc;
pub use plugins::Plugins;
pub use redis::Redis;
pub use stoa_kernel::secret::Secret;
pub use store::{Location, Store};
pub use telemetry::{MetricsFor, Telemetry};
pub use tenancy::Tenancy;

/// The whole configuration. No key is optional: the defaults come from `config/default.toml` alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The edge.
    pub http: Http,
    /// What the host keeps on disk.
    pub data: Data,
    /// The database.
    pub store: Store,
    /// Plugins.
    pub plugins: Plugins,
    /// Which tenant a request belongs to.
    pub tenancy: Tenancy,
    /// How often clients may call.
    pub limits: Limits,
    /// Who may listen at the same time.
    pub live: Live,
    /// What several hosts share besides the database.
    pub redis: Redis,
    /// Tokens.
    pub identity: Identity,
    /// Sign-in elsewhere.
    pub oidc: Oidc,
    /// How letters leave.
    pub mail: Mail,
    /// Files.
    pub blobs: Blobs,
    /// The first operator.
    pub bootstrap: Bootstrap,
    /// Logs.
    pub log: Log,
    /// What is told to a collector.
    pub telemetry: Telemetry,
    /// Conveniences for developers.
    pub dev: Dev,
}

impl Config {
    /// The folder of the database; none when it is kept in memory.
    #[must_use]
    pub fn store_dir(&self) -> Option<PathBuf> {
        match &self.store.url {
            Location::Memory => None,
            Location::Disk(None) => Some(self.data.dir.join("store")),
            Location::Disk(Some(dir)) => Some(dir.clone()),
        }
    }

    /// The folder of the plugins.
    #[must_use]
    pub fn plugins_dir(&self) -> PathBuf {
        self.plugins
            .dir
            .clone()
            .unwrap_or_else(|| self.data.dir.join("plugins"))
    }

    /// The folder of compiled plugins; it may be deleted at any time.
    #[must_use]
    pub fn compiled_dir(&self) -> PathBuf {
        self.data.dir.join("compiled")
    }

    /// The folder of files where the configuration names none.
    #[must_use]
    pub fn blobs_dir(&self) -> PathBuf {
        self.data.dir.join("blobs")
    }

    /// The folder of letters that don't leave.
    #[must_use]
    pub fn mail_dir(&self) -> PathBuf {
        self.data.dir.join("mail")
    }

    /// The file of the host's own signing key, used when the configuration gives none.
    #[must_use]
    pub fn signing_key_file(&self) -> PathBuf {
        self.data.dir.join("signing-key.der")
    }

    /// The file of the host's own key that seals secrets, used when the configuration gives none.
    #[must_use]
    pub fn secrets_key_file(&self) -> PathBuf {
        self.data.dir.join("secrets.key")
    }

    /// The folder of the keys that signed before and still verify: one PKCS#8 file (`.der`) each.
    #[must_use]
    pub fn retired_keys_dir(&self) -> PathBuf {
        self.data.dir.join("retired-keys")
    }
}

/// Reads a text that may be empty to mean nothing.
fn path_or_none<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(deserializer)?;
    Ok(if path.as_os_str().is_empty() {
        None
    } else {
        Some(path)
    })
}
