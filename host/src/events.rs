//! Events: who handles them beside plugins, and where they go outside of the host.

use std::sync::Arc;

use anyhow::Context as _;
use stoa_kernel::event::{EventStream, HostSubscriber};
use stoa_quota::RedisStream;
use stoa_runtime::{Dispatcher, DispatcherPorts, Runtime};
use stoa_store::SurrealStore;

use crate::certificates;
use crate::config::Config;

/// Starts to deliver what waits and what will be raised. Plugins have to be loaded: those that are not are taken
/// for absent.
///
/// # Errors
/// When `redis.url` can't be understood, or the store fails.
pub async fn start(
    config: &Config,
    runtime: Arc<Runtime>,
    store: Arc<SurrealStore>,
    subscribers: Vec<Arc<dyn HostSubscriber>>,
) -> anyhow::Result<Arc<Dispatcher>> {
    let stream = stream(config)?;
    let ports = DispatcherPorts {
        outbox: store,
        subscribers,
        stream,
        tells_tallies: true,
    };
    Dispatcher::start(runtime, ports)
        .await
        .context("starting to deliver events")
}

/// The consumers outside, if there is a Redis to reach them by.
fn stream(config: &Config) -> anyhow::Result<Option<Arc<dyn EventStream>>> {
    let Some(mut redis) = config.redis.streams() else {
        return Ok(None);
    };
    redis.roots_pem = certificates::read(&config.redis.ca_file).context("redis.ca_file")?;
    let stream = RedisStream::new(&redis, config.redis.stream_entries_max.get());
    Ok(Some(Arc::new(
        stream.context("redis.url or redis.ca_file")?,
    )))
}
