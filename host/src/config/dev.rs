//! `[dev]`: conveniences that a production host leaves off.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};
use stoa_kernel::crash::{self, CrashAt};

/// Conveniences for developers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dev {
    /// Whether `POST /auth/token` gives anybody a token for any account and role.
    pub tokens: bool,
    /// Demo data, loaded at the first start.
    #[serde(deserialize_with = "super::path_or_none")]
    pub demo: Option<PathBuf>,
    /// Whether `GET /bench/native` is there.
    pub native_bench: bool,
    /// Whether `/dev/mail` shows what lies in the outbox.
    pub mail: bool,
    /// Where the host dies.
    #[serde(deserialize_with = "place_or_none")]
    pub crash_at: Option<CrashAt>,
}

impl Dev {
    /// A host that strangers call must not die because a variable was left over.
    pub fn check(&self) -> Result<(), String> {
        if self.crash_at.is_some() && !(self.tokens && crash::IS_POSSIBLE) {
            let reason = "dev.crash_at is for a developer's build with dev.tokens alone";
            return Err(reason.into());
        }
        Ok(())
    }
}

fn place_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CrashAt>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let place = (!text.is_empty()).then(|| text.parse());
    place.transpose().map_err(serde::de::Error::custom)
}
