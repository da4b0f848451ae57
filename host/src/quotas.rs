//! What counts requests: Redis where hosts share one, else this host's memory, or nothing.

use std::sync::Arc;

use anyhow::Context as _;
use stoa_kernel::clock::Clock;
use stoa_kernel::quota::Quotas;
use stoa_kernel::status::Part;
use stoa_quota::{MemoryQuotas, RedisQuotas};

use crate::certificates;
use crate::config::Config;

/// What counts, and what `/health` tells of it.
#[derive(Default)]
pub struct Counting {
    /// None when nobody is limited.
    pub quotas: Option<Arc<dyn Quotas>>,
    /// Redis, where there is one.
    pub parts: Vec<Arc<dyn Part>>,
}

/// What the configuration wants.
///
/// # Errors
/// When `redis.url` can't be understood, or its certificates can't be read. A Redis that does not answer is no error: memory counts until it does.
pub async fn build(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Counting> {
    if !config.limits.enabled {
        return Ok(Counting::default());
    }
    let Some(mut redis) = config.redis.quotas() else {
        return Ok(Counting {
            quotas: Some(Arc::new(MemoryQuotas::new(clock))),
            parts: Vec::new(),
        });
    };
    redis.roots_pem = certificates::read(&config.redis.ca_file).context("redis.ca_file")?;
    let connected = RedisQuotas::connect(&redis, clock).await;
    let redis = Arc::new(connected.context("redis.url or redis.ca_file")?);
    Ok(Counting {
        quotas: Some(redis.clone()),
        parts: vec![redis],
    })
}
