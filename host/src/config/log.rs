//! `[log]`: what is told, and how.

use serde::Deserialize;

/// Logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// For whom the lines are.
    pub format: Format,
    /// Directives of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

/// For whom the lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// People.
    Text,
    /// Collectors: one JSON object per line.
    Json,
}
