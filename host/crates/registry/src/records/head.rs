//! What serves now: the one row of a place that changes.

use serde::{Deserialize, Serialize};
use stoa_kernel::deployment::Scope;

use super::Record;

/// Where the activations of a plugin in a scope stand. Its id is [`head_id`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The scope's text.
    pub scope: String,
    /// The plugin's name.
    pub plugin: String,
    /// The activation that counts; one without a digest serves nothing.
    pub number: Option<u64>,
    /// The activation that waits for approval.
    pub waiting: Option<u64>,
    /// The offer to tenants; of the deployment alone.
    pub offered: Option<u64>,
    /// The number of the newest row. It is what `expected` is compared with.
    pub last: u64,
    /// The highest version that ever served here.
    pub highest: Option<String>,
}

impl Record for Head {
    const COLLECTION: &'static str = "heads";
}

/// The head of a plugin in a scope.
#[must_use]
pub fn head_id(scope: &Scope, plugin: &str) -> String {
    format!("{scope}/{plugin}")
}
