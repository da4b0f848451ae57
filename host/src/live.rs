//! Live updates: the hub of this host, and its way to other hosts.

use std::sync::Arc;

use anyhow::Context as _;
use stoa_kernel::clock::Clock;
use stoa_kernel::live::BusEars;
use stoa_kernel::random::{Random, ulid};
use stoa_kernel::status::Part;
use stoa_kernel::store::Store;
use stoa_live::{Hub, Ports};
use stoa_quota::RedisBus;
use stoa_registry::Bell;

use crate::certificates;
use crate::config::Config;

/// The hub, and what `/health` tells of its way to other hosts.
pub struct Live {
    /// Who listens on this host.
    pub hub: Arc<Hub>,
    /// By which hosts tell each other of switched plugins.
    pub bell: Arc<Bell>,
    /// Redis, where there is one.
    pub parts: Vec<Arc<dyn Part>>,
}

/// What the configuration wants.
///
/// # Errors
/// When `redis.url` can't be understood, or its certificates can't be read.
pub fn open(
    config: &Config,
    store: Arc<dyn Store>,
    clock: &dyn Clock,
    random: &dyn Random,
) -> anyhow::Result<Live> {
    let hub = Arc::new(Hub::new(Ports { store }, (&config.live).into()));
    let bell = Arc::new(Bell::default());
    let Some(mut redis) = config.redis.live() else {
        return Ok(Live {
            hub,
            bell,
            parts: Vec::new(),
        });
    };
    redis.roots_pem = certificates::read(&config.redis.ca_file).context("redis.ca_file")?;
    let ears = Arc::new(BusEars(vec![hub.clone(), bell.clone()]));
    let bus = RedisBus::start(&redis, ulid(clock.now(), random), ears);
    let bus = Arc::new(bus.context("redis.url or redis.ca_file")?);
    hub.join_bus(bus.clone());
    bell.join_bus(bus.clone());
    Ok(Live {
        hub,
        bell,
        parts: vec![bus],
    })
}
