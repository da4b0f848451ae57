//! Quotas that several hosts share through Redis, with this host's memory behind it; and streams of events.

mod bus;
mod link;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stoa_kernel::clock::Clock;
use stoa_kernel::quota::{Quota, Quotas, Verdict};
use stoa_kernel::status::{Part, PartStatus};
use tokio::task::AbortHandle;

use crate::MemoryQuotas;
use link::Link;

pub use bus::RedisBus;
pub use stream::RedisStream;

/// Milliseconds for an answer of Redis. A request waits for it once, then this host counts on its own; a
/// server in the same data centre needs less than one.
const ANSWER_MS_MAX: u64 = 250;

/// Between two attempts to reach a Redis that does not answer.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// What `/health` calls it.
const PART: &str = "redis";

/// Where Redis is, and how we use it.
#[derive(Clone)]
pub struct RedisConfig {
    /// `redis://[user][:password@]host[:port][/database]`, or `rediss://…` for TLS.
    pub url: String,
    /// Certificates in PEM that are trusted for `rediss://` in place of the machine's own, for a server of the
    /// operator's.
    pub roots_pem: Option<Vec<u8>>,
    /// What our keys begin with.
    pub prefix: String,
    /// Milliseconds for an answer; then this host's memory takes over.
    pub answer_ms_max: u64,
}

impl RedisConfig {
    /// The usual times for this server.
    #[must_use]
    pub fn new(url: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            roots_pem: None,
            prefix: prefix.into(),
            answer_ms_max: ANSWER_MS_MAX,
        }
    }

    /// Whether the address can be understood; nobody is asked.
    ///
    /// # Errors
    /// [`InvalidRedisUrl`] when it can't.
    pub fn check(&self) -> Result<(), InvalidRedisUrl> {
        Link::new(self).map(drop)
    }
}

/// The text is no address of a Redis server. What it says instead may be a password.
#[derive(Debug, thiserror::Error)]
#[error(
    "this is no redis[s]://[user][:password@]host[:port][/database], or the certificates are none"
)]
pub struct InvalidRedisUrl;

/// Counts for all hosts that use the same Redis; on this host alone while Redis does not answer.
pub struct RedisQuotas {
    link: Arc<Link>,
    memory: MemoryQuotas,
    reconnecting: AbortHandle,
}

impl RedisQuotas {
    /// Tries to reach Redis once; without it, this host's memory counts until Redis is there.
    ///
    /// # Errors
    /// [`InvalidRedisUrl`] when the address can't be understood.
    pub async fn connect(
        config: &RedisConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidRedisUrl> {
        let link = Arc::new(Link::new(config)?);
        if let Err(error) = link.connect().await {
            tracing::warn!(%error, "Redis does not answer: this host counts requests on its own");
        }
        let reconnecting = tokio::spawn(reconnect(Arc::clone(&link))).abort_handle();
        Ok(Self {
            link,
            memory: MemoryQuotas::new(clock),
            reconnecting,
        })
    }
}

/// Brings Redis back whenever it is lost.
async fn reconnect(link: Arc<Link>) {
    loop {
        link.lost().await;
        while let Err(error) = link.connect().await {
            tracing::debug!(%error, "Redis can't be reached");
            tokio::time::sleep(RETRY_EVERY).await;
        }
    }
}

impl Drop for RedisQuotas {
    fn drop(&mut self) {
        self.reconnecting.abort();
    }
}

#[async_trait]
impl Quotas for RedisQuotas {
    async fn take(&self, key: &str, quota: Quota) -> Verdict {
        match self.link.take(key, quota.into()).await {
            Some(verdict) => verdict,
            None => self.memory.count(key, quota),
        }
    }
}

impl Part for RedisQuotas {
    /// Always ready: a host without its Redis serves all the same, and taking it out of the load balancer
    /// would turn a lost cache into an outage.
    fn status(&self) -> PartStatus {
        let detail = "Redis does not answer; this host counts requests on its own until it does.";
        PartStatus {
            part: PART.to_owned(),
            ready: true,
            version: None,
            detail: (!self.link.is_up()).then(|| detail.to_owned()),
        }
    }
}
