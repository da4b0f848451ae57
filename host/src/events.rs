//! Events: who handles them beside plugins, and where they go outside of the host.

use std::sync::Arc;

use anyhow::Context as _;
use stoa_kernel::event::{EventStream, HostSubscriber};
use stoa_runtime::{Dispatcher, DispatcherPorts, Runtime};
use stoa_store::SurrealStore;
use stoa_stream::RedisStream;

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
    let stream = config.redis.stream().map(RedisStream::new).transpose();
    let stream = stream.context("redis.url")?;
    let ports = DispatcherPorts {
        outbox: store,
        subscribers,
        stream: stream.map(|stream| Arc::new(stream) as Arc<dyn EventStream>),
    };
    Dispatcher::start(runtime, ports)
        .await
        .context("starting to deliver events")
}
