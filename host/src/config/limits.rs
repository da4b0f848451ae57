//! `[limits]`: how often clients may call.

use serde::Deserialize;

/// How often clients may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Whether the edge counts at all.
    pub enabled: bool,
}

impl Limits {
    /// Tells an operator who relies on limits that there are none.
    pub fn warn(&self) {
        if self.enabled {
            tracing::warn!(
                "limits.enabled has no effect: this version does not limit how often clients call"
            );
        }
    }
}
