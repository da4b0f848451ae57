//! The connection to Redis: there, or lost and to be made again.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo as _, RedisResult, Script,
    TlsCertificates,
};
use stoa_kernel::quota::Verdict;
use tokio::sync::Notify;

use super::{InvalidRedisUrl, RedisConfig};
use crate::rate::{Micros, Rate};

/// The whole algorithm in one call, so that no two hosts can come between its steps.
const TAKE: &str = include_str!("../take.lua");

/// The key that tells whether Redis takes our calls; nobody is counted under it.
const PROBE: &str = "probe";

/// What the probe takes: gone from Redis after a microsecond, rounded up.
const PROBE_RATE: Rate = Rate {
    interval: 1,
    burst: 1,
    window_s: 1,
};

/// The connection.
pub(super) struct Link {
    client: Client,
    script: Script,
    prefix: String,
    answer_max: Duration,
    /// None while Redis is lost. Every connection is an `Arc` of its own, so that a late failure of an old one
    /// is not taken for one of its successor.
    connection: RwLock<Option<Arc<MultiplexedConnection>>>,
    lost: Notify,
}

impl Link {
    /// Not connected yet.
    pub(super) fn new(config: &RedisConfig) -> Result<Self, InvalidRedisUrl> {
        Ok(Self {
            client: client(config).map_err(|_| InvalidRedisUrl)?,
            script: Script::new(TAKE),
            prefix: config.prefix.clone(),
            answer_max: Duration::from_millis(config.answer_ms_max),
            connection: RwLock::new(None),
            lost: Notify::new(),
        })
    }

    /// Whether Redis answered the last time.
    pub(super) fn is_up(&self) -> bool {
        self.current().is_some()
    }

    /// Ends when there is no connection.
    pub(super) async fn lost(&self) {
        while self.is_up() {
            self.lost.notified().await;
        }
    }

    /// Makes a connection and tries it.
    pub(super) async fn connect(&self) -> RedisResult<()> {
        let connection = self.tried().await?;
        tracing::info!("Redis answers: hosts count requests together");
        *self.slot() = Some(Arc::new(connection));
        Ok(())
    }

    async fn tried(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.answer_max))
            .set_response_timeout(Some(self.answer_max));
        let connecting = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let connection = connecting.await?;
        self.ask(&connection, PROBE, PROBE_RATE).await?;
        Ok(connection)
    }

    /// One call; none when Redis does not answer it.
    pub(super) async fn take(&self, key: &str, rate: Rate) -> Option<Verdict> {
        let connection = self.current()?;
        match self.ask(&connection, key, rate).await {
            Ok((admitted, used)) => Some(rate.verdict(admitted, used)),
            Err(error) => {
                if self.give_up(&connection) {
                    tracing::warn!(%error, "Redis is lost: this host counts requests on its own");
                }
                None
            }
        }
    }

    async fn ask(
        &self,
        connection: &MultiplexedConnection,
        key: &str,
        rate: Rate,
    ) -> RedisResult<(bool, Micros)> {
        let mut connection = connection.clone();
        self.script
            .key(format!("{}{key}", self.prefix))
            .arg(rate.interval)
            .arg(rate.burst)
            .invoke_async(&mut connection)
            .await
    }

    /// Forgets a connection that failed; answers whether nobody had done so before.
    fn give_up(&self, failed: &Arc<MultiplexedConnection>) -> bool {
        let mut slot = self.slot();
        let is_current = slot
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, failed));
        if is_current {
            *slot = None;
            self.lost.notify_one();
        }
        is_current
    }

    fn current(&self) -> Option<Arc<MultiplexedConnection>> {
        self.connection
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn slot(&self) -> RwLockWriteGuard<'_, Option<Arc<MultiplexedConnection>>> {
        self.connection
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whom to connect to. A fragment in the address would turn off the check of certificates, so there is none.
pub(super) fn client(config: &RedisConfig) -> RedisResult<Client> {
    if config.url.contains('#') {
        let reason = "an address without a fragment is asked for";
        return Err((redis::ErrorKind::InvalidClientConfig, reason).into());
    }
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: config.roots_pem.clone(),
    };
    let info = config.url.as_str().into_connection_info()?;
    match info.addr() {
        ConnectionAddr::TcpTls { .. } => Client::build_with_tls(info, certificates),
        _ => Client::open(info),
    }
}
