//! `[identity]`: access tokens and sessions.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Secret;

/// How a line of PEM begins that carries no data.
const PEM_BOUNDARY: &str = "-----";

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// Access tokens and sessions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Who issues them.
    pub issuer: String,
    /// For whom they are meant.
    pub audience: String,
    /// Seconds that each is good for.
    pub lifetime_s: u32,
    /// What signs them; see [`Identity::signing_key_der`].
    signing_key: Secret,
    /// Public keys that verify what other keys signed before: each the `x` of `/.well-known/jwks.json`.
    pub retired_keys: Vec<String>,
    /// Days after which a session ends that nobody refreshes.
    session_idle_days: NonZeroU32,
    /// Days after which it ends in any case.
    session_days_max: NonZeroU32,
}

/// The key is neither PEM nor base64. What it is instead is nobody's business.
#[derive(Debug, thiserror::Error)]
#[error("identity.signing_key is neither PEM nor base64")]
pub struct InvalidKey;

impl Identity {
    /// Milliseconds after which a session ends that nobody refreshes.
    #[must_use]
    pub fn session_idle_ms(&self) -> u64 {
        DAY_MS * u64::from(self.session_idle_days.get())
    }

    /// Milliseconds after which it ends in any case.
    #[must_use]
    pub fn session_ms_max(&self) -> u64 {
        DAY_MS * u64::from(self.session_days_max.get())
    }

    /// The configured key as PKCS#8 DER; none when the host is to have one of its own.
    ///
    /// # Errors
    /// [`InvalidKey`] when the text is neither PEM nor base64.
    pub fn signing_key_der(&self) -> Result<Option<Vec<u8>>, InvalidKey> {
        if self.signing_key.is_empty() {
            return Ok(None);
        }
        let lines = self.signing_key.expose().lines().map(str::trim);
        let base64: String = lines
            .filter(|line| !line.starts_with(PEM_BOUNDARY))
            .collect();
        STANDARD.decode(base64).map(Some).map_err(|_| InvalidKey)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn der(key: &str) -> Result<Option<Vec<u8>>, InvalidKey> {
        let text = serde_json::json!({
            "issuer": "i", "audience": "a", "lifetime_s": 1, "signing_key": key, "retired_keys": [],
            "session_idle_days": 30, "session_days_max": 90,
        });
        serde_json::from_value::<Identity>(text)
            .unwrap()
            .signing_key_der()
    }

    #[test]
    fn a_key_is_read_from_pem_and_from_base64() {
        assert_eq!(der("").unwrap(), None);
        assert_eq!(der("AQID").unwrap().unwrap(), [1, 2, 3]);
        let pem = "-----BEGIN PRIVATE KEY-----\nAQ\nID\n-----END PRIVATE KEY-----\n";
        assert_eq!(der(pem).unwrap().unwrap(), [1, 2, 3]);
    }

    #[test]
    fn an_error_does_not_show_the_key() {
        let error = der("no key, but secret!").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
