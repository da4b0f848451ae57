//! `[live]`: who may listen at the same time.

use std::num::NonZeroUsize;

use serde::Deserialize;
use stoa_live::ConnectionLimits;

/// Who may listen at the same time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Connections of one account.
    pub connections_per_account_max: NonZeroUsize,
    /// Connections of one tenant.
    pub connections_per_tenant_max: NonZeroUsize,
    /// Connections of this host.
    pub connections_max: NonZeroUsize,
}

impl From<&Live> for ConnectionLimits {
    fn from(live: &Live) -> Self {
        Self {
            per_account_max: live.connections_per_account_max,
            per_tenant_max: live.connections_per_tenant_max,
            max: live.connections_max,
        }
    }
}
