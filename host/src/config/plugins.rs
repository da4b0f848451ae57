//! `[plugins]`: where they come from and what they may do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use stoa_kernel::limits::CallLimits;
use stoa_kernel::outbound::Destination;
use stoa_kernel::seal::KEY_BYTES;
use stoa_kernel::secret::Secret;
use stoa_kernel::wit::{HOST_INTERFACES, Permission};
use stoa_runtime::ShareLimits;

use super::trust::Trust;

/// Where plugins come from and what they may do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plugins {
    /// Their folder; see [`super::Config::plugins_dir`].
    #[serde(deserialize_with = "super::path_or_none")]
    pub dir: Option<PathBuf>,
    /// Whether changes are followed while the host runs.
    pub watch: bool,
    /// Whether instances may be reused within a tenant.
    pub allow_reuse: bool,
    /// Instances alive at the same time.
    pub instances_max: u32,
    /// Requests of one tenant in plugins at the same time.
    pub tenant_concurrency_max: u32,
    /// Bytes that plugins' caches may hold together.
    pub cache_bytes_max: u64,
    /// Bytes of answers that are kept to be told again.
    pub answer_bytes_max: u64,
    /// What seals secrets; see [`Plugins::sealing_key`].
    secrets_key: Secret,
    /// What one call may use.
    pub limits: LimitPair,
    /// What one plugin may use for one tenant.
    pub shares: Share,
    /// Capabilities withheld, by plugin.
    pub deny: BTreeMap<String, BTreeSet<String>>,
    /// What plugins may do, by plugin, where that is not all that they ask for.
    pub grants: BTreeMap<String, BTreeSet<Permission>>,
    /// Settings, by plugin and name.
    pub settings: PluginSettings,
    /// Where services elsewhere are, by plugin and name, if not where the plugin's manifest says.
    pub outbound: BTreeMap<String, BTreeMap<String, Destination>>,
    /// Secrets, by plugin and name.
    pub secrets: PluginSecrets,
    /// Whose signatures count for plugins of others.
    pub trust: Trust,
}

/// Values of secrets by plugin and name, the newest first; a secret that is set to nothing has none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Written")]
pub struct PluginSecrets(pub BTreeMap<String, BTreeMap<String, Vec<Secret>>>);

/// The same as it is written. Untagged as a whole, because serde's other errors quote what they found.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "each plugin has a table, each secret in it is a text or a list of texts"
)]
enum Written {
    ByPlugin(BTreeMap<String, BTreeMap<String, Values>>),
}

/// The values of one secret.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(Secret),
    /// While it is being replaced.
    Several(Vec<Secret>),
}

impl From<Written> for PluginSecrets {
    fn from(Written::ByPlugin(plugins): Written) -> Self {
        let listed = |values| {
            let values = match values {
                Values::One(value) => vec![value],
                Values::Several(values) => values,
            };
            let set = values.into_iter().filter(|value| !value.is_empty());
            set.collect()
        };
        let of_plugin = |secrets: BTreeMap<String, Values>| {
            let named = secrets.into_iter();
            named.map(|(name, values)| (name, listed(values))).collect()
        };
        let plugins = plugins.into_iter();
        Self(
            plugins
                .map(|(plugin, secrets)| (plugin, of_plugin(secrets)))
                .collect(),
        )
    }
}

/// What one call may use.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitPair {
    /// When the manifest asks for nothing.
    pub default: CallLimit,
    /// Whatever the manifest asks for.
    pub cap: CallLimit,
}

/// What one call may use; the same as [`CallLimits`], as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallLimit {
    pub memory_bytes_max: u64,
    pub cpu_ms_max: u64,
    pub wall_ms_max: u64,
    pub host_calls_max: u64,
    pub response_bytes_max: u64,
    pub concurrency_max: u32,
}

/// What one plugin may use for one tenant; the same as [`ShareLimits`], as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    pub concurrency_max: u32,
    pub cpu_ms_per_minute: u64,
    pub events_per_minute: u64,
    pub outbound_per_minute: u64,
    pub stored_bytes_max: u64,
}

impl From<Share> for ShareLimits {
    fn from(share: Share) -> Self {
        let Share {
            concurrency_max,
            cpu_ms_per_minute,
            events_per_minute,
            outbound_per_minute,
            stored_bytes_max,
        } = share;
        Self {
            concurrency_max,
            cpu_ms_per_minute,
            events_per_minute,
            outbound_per_minute,
            stored_bytes_max,
        }
    }
}

impl From<CallLimit> for CallLimits {
    fn from(limit: CallLimit) -> Self {
        let CallLimit {
            memory_bytes_max,
            cpu_ms_max,
            wall_ms_max,
            host_calls_max,
            response_bytes_max,
            concurrency_max,
        } = limit;
        Self {
            memory_bytes_max,
            cpu_ms_max,
            wall_ms_max,
            host_calls_max,
            response_bytes_max,
            concurrency_max,
        }
    }
}

/// Settings by plugin and name. Some are credentials, so `Debug` shows their names alone.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct PluginSettings(pub BTreeMap<String, BTreeMap<String, Value>>);

impl fmt::Debug for PluginSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |settings: &BTreeMap<String, Value>| settings.keys().cloned().collect::<Vec<_>>();
        f.debug_map()
            .entries(
                self.0
                    .iter()
                    .map(|(plugin, settings)| (plugin, names(settings))),
            )
            .finish()
    }
}

/// The key is not 32 bytes in base64. What it is instead is nobody's business.
#[derive(Debug, thiserror::Error)]
#[error("plugins.secrets_key is not {KEY_BYTES} bytes as base64")]
pub struct InvalidKey;

impl Plugins {
    /// The configured key that seals secrets; none when the host is to have one of its own.
    ///
    /// # Errors
    /// [`InvalidKey`] when the text is none.
    pub fn sealing_key(&self) -> Result<Option<[u8; KEY_BYTES]>, InvalidKey> {
        if self.secrets_key.is_empty() {
            return Ok(None);
        }
        let bytes = STANDARD.decode(self.secrets_key.expose());
        let bytes = bytes.map_err(|_| InvalidKey)?;
        bytes.try_into().map(Some).map_err(|_| InvalidKey)
    }

    /// Checks what types alone do not say; answers what is wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        for (plugin, words) in &self.deny {
            let is_known = |word: &String| HOST_INTERFACES.iter().any(|(_, known)| known == word);
            if let Some(word) = words.iter().find(|word| !is_known(word)) {
                return Err(format!(
                    "plugins.deny.{plugin}: there is no capability {word:?}"
                ));
            }
        }
        for (plugin, services) in &self.outbound {
            for (name, destination) in services {
                let place = |reason| format!("plugins.outbound.{plugin}.{name}: {reason}");
                destination.check().map_err(place)?;
            }
        }
        self.sealing_key().map_err(|error| error.to_string())?;
        self.trust.check()?;
        let (default, cap) = (self.limits.default.numbers(), self.limits.cap.numbers());
        for ((name, default), (_, cap)) in default.into_iter().zip(cap) {
            if default == 0 || default > cap {
                return Err(format!(
                    "plugins.limits.default.{name} is {default}; it may be 1 to {cap}, which is the cap"
                ));
            }
        }
        let Share {
            concurrency_max,
            cpu_ms_per_minute,
            ..
        } = self.shares;
        if concurrency_max == 0 || cpu_ms_per_minute == 0 {
            return Err(
                "plugins.shares: concurrency_max and cpu_ms_per_minute are at least 1".into(),
            );
        }
        Ok(())
    }
}

impl CallLimit {
    fn numbers(&self) -> [(&'static str, u64); 6] {
        [
            ("memory_bytes_max", self.memory_bytes_max),
            ("cpu_ms_max", self.cpu_ms_max),
            ("wall_ms_max", self.wall_ms_max),
            ("host_calls_max", self.host_calls_max),
            ("response_bytes_max", self.response_bytes_max),
            ("concurrency_max", u64::from(self.concurrency_max)),
        ]
    }
}
