//! Events for consumers outside of the host: each tenant's events are appended to a Redis Stream.
//!
//! `<prefix><tenant>` has one entry per event with the fields `id`, `name`, `source`, `key`, `payload` and
//! `raised_at`. An event is appended at least once: consumers tell repetitions by `id`.

use std::time::Duration;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError};
use stoa_kernel::event::{Event, EventStream};
use stoa_kernel::id::TenantId;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::link::client;
use super::{InvalidRedisUrl, RETRY_EVERY, RedisConfig};

/// The longest that Redis may take to answer; nobody's request waits for it.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Appends events to Redis.
pub struct RedisStream {
    client: Client,
    prefix: String,
    entries_max: u64,
    connection: Mutex<Connection>,
}

/// The connection to Redis.
enum Connection {
    /// It is to be made.
    None,
    /// It could not be made at this time: who asks again at once is told so instead of waiting for another attempt.
    Failed(Instant),
    /// It was well when it was used last.
    Made(MultiplexedConnection),
}

impl RedisStream {
    /// Not connected yet: the first event does that. A tenant's stream keeps about `entries_max` entries; the
    /// oldest go first.
    ///
    /// # Errors
    /// [`InvalidRedisUrl`] when the address can't be understood.
    pub fn new(config: &RedisConfig, entries_max: u64) -> Result<Self, InvalidRedisUrl> {
        Ok(Self {
            client: client(config).map_err(|_| InvalidRedisUrl)?,
            prefix: config.prefix.clone(),
            entries_max,
            connection: Mutex::new(Connection::None),
        })
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut slot = self.connection.lock().await;
        match &*slot {
            Connection::Made(connection) => return Ok(connection.clone()),
            Connection::Failed(at) if at.elapsed() < RETRY_EVERY => {
                return Err((ErrorKind::Io, "it could not be reached a moment ago").into());
            }
            Connection::Failed(_) | Connection::None => {}
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER_MAX))
            .set_response_timeout(Some(ANSWER_MAX));
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await;
        *slot = match &made {
            Ok(connection) => Connection::Made(connection.clone()),
            Err(_) => Connection::Failed(Instant::now()),
        };
        made
    }

    async fn try_append(&self, tenant: &TenantId, events: &[Event]) -> Result<(), RedisError> {
        let mut connection = self.connection().await?;
        let stream = format!("{}{tenant}", self.prefix);
        let mut pipe = redis::pipe();
        for event in events {
            pipe.cmd("XADD")
                .arg(&stream)
                .arg("MAXLEN")
                .arg("~")
                .arg(self.entries_max)
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
            let mut slot = self.connection.lock().await;
            if matches!(&*slot, Connection::Made(_)) {
                *slot = Connection::None;
            }
        }
        outcome.map_err(|error| error.to_string())
    }
}
