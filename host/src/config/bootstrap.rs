//! `[bootstrap]`: the first operator.

use serde::Deserialize;

use super::Secret;

/// The first operator.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    /// The address; empty for none.
    pub email: String,
    /// The password.
    pub password: Secret,
}
