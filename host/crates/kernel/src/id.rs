//! Names of tenants, plugins and collections, checked once where they enter.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A tenant: 1 to 63 of `a-z0-9-`, starting with a letter or digit. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Arc<str>);

/// The text is no tenant's id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a tenant's id is 1 to 63 of a-z, 0-9 and -, starting with a letter or digit")]
pub struct InvalidTenantId;

impl TenantId {
    /// Checks a text.
    ///
    /// # Errors
    /// [`InvalidTenantId`] for anything but 1 to 63 of `a-z0-9-`, starting with a letter or digit.
    pub fn parse(text: &str) -> Result<Self, InvalidTenantId> {
        let ok = (1..=63).contains(&text.len())
            && !text.starts_with('-')
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if ok {
            Ok(Self(text.into()))
        } else {
            Err(InvalidTenantId)
        }
    }

    /// What belongs to no tenant: accounts, organisations, the host's own queues. No text parses to it.
    #[must_use]
    pub fn platform() -> Self {
        Self("_platform".into())
    }

    /// Whether this is [`TenantId::platform`].
    #[must_use]
    pub fn is_platform(&self) -> bool {
        self.0.starts_with('_')
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidTenantId;
    fn try_from(text: String) -> Result<Self, InvalidTenantId> {
        Self::parse(&text)
    }
}

impl From<TenantId> for String {
    fn from(tenant: TenantId) -> Self {
        tenant.as_str().to_owned()
    }
}

impl Default for TenantId {
    /// The tenant of a host that knows only one.
    fn default() -> Self {
        Self("default".into())
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tenant {}", self.0)
    }
}

/// Name of the plugin that the host itself is, for collections of its own among a tenant's.
pub const HOST_PLUGIN: &str = stoa_wit::admission::HOST_NAME;

/// A plugin's collection. Only the host makes one, from a manifest: it is what keeps a plugin to its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionName {
    /// The plugin's name.
    pub plugin: Arc<str>,
    /// The collection's name in the manifest.
    pub name: Arc<str>,
}

impl CollectionName {
    /// The collection `name` of `plugin`; both come from a checked manifest.
    #[must_use]
    pub fn new(plugin: &str, name: &str) -> Self {
        Self {
            plugin: plugin.into(),
            name: name.into(),
        }
    }
}
