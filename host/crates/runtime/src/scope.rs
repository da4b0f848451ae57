//! What the guests of one request share: its unit of work, its inputs, its time.

use std::sync::Arc;
use std::time::Instant;

use stoa_kernel::call::Request;
use stoa_kernel::clock::Clock;
use stoa_kernel::random::Random;
use stoa_kernel::store::{Store, UnitOfWork};

use crate::cache::{CacheChanges, PluginCache};
use crate::outside::Outside;
use crate::registry::Live;

/// What the runtime needs from the rest of the host.
#[derive(Clone)]
pub struct Ports {
    /// Where documents live.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

/// One run of a request. All inputs of its guests come from here; a request that runs again gets a
/// new scope with the same `request` and `outside`.
pub struct Scope {
    /// What was asked.
    pub request: Arc<Request>,
    /// What it reads and writes.
    pub unit: Arc<dyn UnitOfWork>,
    /// The versions that serve it, to its end.
    pub live: Arc<Live>,
    /// What the outside world tells it.
    pub outside: Arc<Outside>,
    /// What it changes in plugins' caches once it has committed.
    pub cache_changes: CacheChanges,
    /// The caches.
    pub cache: Arc<PluginCache>,
    /// The host's clock and randomness.
    pub ports: Ports,
    /// When it must have ended.
    pub deadline: Instant,
}
