//! `[dev]`: conveniences that a production host leaves off.

use std::path::PathBuf;

use serde::Deserialize;

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
}
