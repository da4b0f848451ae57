//! Events for consumers outside of the host: each tenant's events are appended to a Redis Stream.
//!
//! `<prefix>events:<tenant>` has one entry per event with the fields `id`, `name`, `source`, `key`, `payload` and
//! `raised_at`. An event is appended at least once: consumers tell repetitions by `id`.

use std::time::Duration;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use stoa_kernel::event::{Event, EventStream};
use stoa_kernel::id::TenantId;
use tokio::sync::Mutex;

/// The longest that Redis may take to answer; nobody's request waits for it.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Where Redis is, and how much it keeps.
#[derive(Clone)]
pub struct StreamConfig {
    /// `redis://[user][:password@]host[:port][/database]`.
    pub url: String,
    /// What our keys begin with.
    pub prefix: String,
    /// About how many entries a tenant's stream keeps; the oldest go first.
    pub entries_max: u64,
}

/// The text is no address of a Redis server. What it says instead may be a password.
#[derive(Debug, thiserror::Error)]
#[error("this is no redis://[user][:password@]host[:port][/database]")]
pub struct InvalidRedisUrl;

/// Appends events to Redis.
pub struct RedisStream {
    client: Client,
    config: StreamConfig,
    /// None while Redis is lost.
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl RedisStream {
    /// Not connected yet: the first event does that.
    ///
    /// # Errors
    /// [`InvalidRedisUrl`] when the address can't be understood.
    pub fn new(config: StreamConfig) -> Result<Self, InvalidRedisUrl> {
        Ok(Self {
            client: Client::open(config.url.as_str()).map_err(|_| InvalidRedisUrl)?,
            config,
            connection: Mutex::new(None),
        })
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER_MAX))
            .set_response_timeout(Some(ANSWER_MAX));
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(slot.insert(made).clone())
    }

    async fn try_append(&self, tenant: &TenantId, events: &[Event]) -> Result<(), RedisError> {
        let mut connection = self.connection().await?;
        let stream = format!("{}events:{tenant}", self.config.prefix);
        let mut pipe = redis::pipe();
        for event in events {
            pipe.cmd("XADD")
                .arg(&stream)
                .arg("MAXLEN")
                .arg("~")
                .arg(self.config.entries_max)
                .arg("*")
                .arg("id")
                .arg(&event.id)
                .arg("name")
                .arg(&event.name)
                .arg("source")
                .arg(&event.plugin)
                .arg("key")
                .arg(&event.key)
                .arg("payload")
                .arg(&event.payload)
                .arg("raised_at")
                .arg(event.raised_at)
                .ignore();
        }
        pipe.query_async(&mut connection).await
    }
}

#[async_trait]
impl EventStream for RedisStream {
    async fn append(&self, tenant: &TenantId, events: &[Event]) -> Result<(), String> {
        let outcome = self.try_append(tenant, events).await;
        if let Err(error) = &outcome {
            tracing::debug!(%error, "events could not be appended to Redis");
            // Whatever was wrong with it, the next one is new.
            *self.connection.lock().await = None;
        }
        outcome.map_err(|error| error.to_string())
    }
}
