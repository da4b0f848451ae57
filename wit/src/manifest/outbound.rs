//! What a plugin reaches outside of its host, and what it needs for that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ManifestError, SettingScope, invalid, is_name};

/// Milliseconds that an extension point may take when the manifest does not say: a price is waited for.
const BUDGET_MS_DEFAULT: u32 = 200;

/// Milliseconds that an extension point may take at most: the caller's own time is limited, too.
pub const BUDGET_MS_MAX: u32 = 5_000;

/// Milliseconds for an answer of a service when the manifest does not say.
const TIMEOUT_MS_DEFAULT: u32 = 10_000;

/// Milliseconds for an answer of a service at most: a request that runs longer is a client's long gone.
pub const TIMEOUT_MS_MAX: u32 = 30_000;

/// A service elsewhere that the plugin talks to through `stoa:http/outbound`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    /// Where it is: `https://host[:port][/base]`, without query. The operator may say otherwise.
    pub url: String,
    /// The credentials that the host adds.
    #[serde(default)]
    pub auth: Option<OutboundAuth>,
    /// The header in which the service takes idempotency keys, if it does.
    #[serde(default)]
    pub idempotency_header: Option<String>,
    /// Milliseconds to wait for an answer, up to [`TIMEOUT_MS_MAX`].
    #[serde(default = "timeout_ms_default")]
    pub timeout_ms: u32,
}

const fn timeout_ms_default() -> u32 {
    TIMEOUT_MS_DEFAULT
}

/// Credentials of requests to a service, by the names of secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OutboundAuth {
    /// `Authorization: Bearer <secret>` (RFC 6750).
    Bearer(String),
    /// `Authorization: Basic` of two secrets, user and password (RFC 7617).
    Basic(String, String),
}

impl OutboundAuth {
    /// The names of the secrets.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Self::Bearer(secret) => (secret, None),
            Self::Basic(user, password) => (user, Some(password)),
        };
        std::iter::once(first).chain(second).map(String::as_str)
    }
}

/// A secret that somebody sets for the plugin and that the plugin never sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// One sentence for whoever sets it.
    #[serde(default)]
    pub summary: String,
    /// Who may set it.
    #[serde(default)]
    pub scope: SettingScope,
}

/// An extension point: an interface that some plugin may provide and that this one calls if it does.
/// Every function's result is a `result` whose error is a variant with a case `unavailable(string)`: what the
/// host answers when nobody provides the interface, or who does fails or takes too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// WIT interface with version.
    pub interface: String,
    /// Milliseconds that one call may take, up to [`BUDGET_MS_MAX`].
    #[serde(default = "budget_ms_default")]
    pub budget_ms: u32,
}

const fn budget_ms_default() -> u32 {
    BUDGET_MS_DEFAULT
}

pub(super) fn check(
    outbound: &BTreeMap<String, Outbound>,
    secrets: &BTreeMap<String, Secret>,
    extensions: &BTreeMap<String, Extension>,
) -> Result<(), ManifestError> {
    for (name, service) in outbound {
        let shown = format!("outbound.{name}");
        if !is_name(name, 32, b"_") {
            return invalid(format!("{shown}: not 1 to 32 of a-z, 0-9 and _"));
        }
        let rest = service.url.strip_prefix("https://");
        if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#', '@', ' '])) {
            return invalid(format!(
                "{shown}: {:?} is not https://host/base",
                service.url
            ));
        }
        if !(1..=TIMEOUT_MS_MAX).contains(&service.timeout_ms) {
            return invalid(format!("{shown}: timeout_ms is 1 to {TIMEOUT_MS_MAX}"));
        }
        let mut named = service.auth.iter().flat_map(OutboundAuth::secrets);
        if let Some(missing) = named.find(|secret| !secrets.contains_key(*secret)) {
            return invalid(format!("{shown}: {missing:?} is not listed under secrets"));
        }
    }
    if let Some(name) = secrets.keys().find(|name| !is_name(name, 32, b"_")) {
        return invalid(format!("secrets.{name}: not 1 to 32 of a-z, 0-9 and _"));
    }
    for (name, extension) in extensions {
        if !(1..=BUDGET_MS_MAX).contains(&extension.budget_ms) {
            return invalid(format!(
                "extensions.{name}: budget_ms is 1 to {BUDGET_MS_MAX}"
            ));
        }
    }
    Ok(())
}
