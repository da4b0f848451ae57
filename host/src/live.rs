//! Live updates: the hub of this host.

use std::sync::Arc;

use stoa_kernel::store::Store;
use stoa_live::{Hub, Ports};

use crate::config::Config;

/// The hub, as the configuration wants it.
pub fn open(config: &Config, store: Arc<dyn Store>) -> Arc<Hub> {
    Arc::new(Hub::new(Ports { store }, (&config.live).into()))
}
