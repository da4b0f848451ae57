//! `[limits]`: how often clients may call.

use serde::Deserialize;

/// How often clients may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Whether the edge counts at all.
    #[cfg_attr(not(test), expect(dead_code, reason = "accepted already; the edge does not count yet"))]
    pub enabled: bool,
}
