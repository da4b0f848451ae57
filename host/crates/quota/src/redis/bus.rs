//! What hosts tell each other of those who listen, by Redis' PUBLISH and SUBSCRIBE.
//!
//! All hosts listen to the channel `<prefix>bus`. What is said while Redis is away is not said again, but for ends of
//! sessions; who comes back looks for the rest in the histories.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use redis::aio::{MultiplexedConnection, PubSubSink, PubSubStream};
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use serde_json::{Value, json};
use stoa_kernel::live::{BusEar, LiveBus, Push, Signal};
use stoa_kernel::status::{Part, PartStatus};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use super::link::client;
use super::{InvalidRedisUrl, RETRY_EVERY, RedisConfig};

/// The longest that Redis may take to answer; nobody's request waits for it.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// How often a silent connection is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(5);

/// Bytes that wait to be told to other hosts. Redis takes more than that in a second; what comes on top is lost to
/// the other hosts, as if Redis were away.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// Signals that are told in one turn.
const BATCH_MAX: usize = 64;

/// Ends that wait for Redis at most. Who is not told of an end finds out when sessions are looked at again, half a minute
/// later.
const ENDS_WAITING_MAX: usize = 100_000;

/// What a signal costs besides its texts.
const SIGNAL_BYTES: usize = 128;

/// What `/health` calls it.
const PART: &str = "live-bus";

/// The way to the other hosts.
pub struct RedisBus {
    outgoing: UnboundedSender<Arc<Signal>>,
    state: Arc<State>,
    tasks: [AbortHandle; 2],
}

struct State {
    client: Client,
    channel: String,
    /// This host's name among all, to know its own words again.
    origin: String,
    waiting_bytes: AtomicUsize,
    speaks: AtomicBool,
    hears: AtomicBool,
    /// Rings when the side that hears has lost its connection: the side that speaks would find out by a word that is
    /// lost with its own.
    lost: Notify,
}

impl RedisBus {
    /// Connects now and whenever the connection is lost. `origin` is a name that no other host has.
    ///
    /// # Errors
    /// [`InvalidRedisUrl`] when the address can't be understood.
    pub fn start(
        config: &RedisConfig,
        origin: String,
        ear: Arc<dyn BusEar>,
    ) -> Result<Self, InvalidRedisUrl> {
        let state = Arc::new(State {
            client: client(config).map_err(|_| InvalidRedisUrl)?,
            channel: format!("{}bus", config.prefix),
            origin,
            waiting_bytes: AtomicUsize::new(0),
            speaks: AtomicBool::new(false),
            hears: AtomicBool::new(false),
            lost: Notify::new(),
        });
        let (outgoing, waiting) = unbounded_channel();
        let speaking = tokio::spawn(speak(Arc::clone(&state), waiting));
        let hearing = tokio::spawn(hear(Arc::clone(&state), ear));
        Ok(Self {
            outgoing,
            state,
            tasks: [speaking.abort_handle(), hearing.abort_handle()],
        })
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl LiveBus for RedisBus {
    fn tell(&self, signal: Arc<Signal>) {
        let bytes = weight(&signal);
        let waiting = self.state.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if waiting > WAITING_BYTES_MAX && !is_end(&signal) {
            self.state.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            tracing::debug!("other hosts are not told: too much waits for Redis");
            return;
        }
        // It is received for as long as there is this.
        let _ = self.outgoing.send(signal);
    }
}

impl Part for RedisBus {
    /// Always ready: those who listen on this host hear what is said on it.
    fn status(&self) -> PartStatus {
        let is_up = |side: &AtomicBool| side.load(Ordering::Relaxed);
        let is_whole = is_up(&self.state.speaks) && is_up(&self.state.hears);
        let detail = "Redis does not answer; live updates stay on the host on which they are made until it does.";
        PartStatus {
            part: PART.to_owned(),
            ready: true,
            version: None,
            detail: (!is_whole).then(|| detail.to_owned()),
        }
    }
}

/// Tells the others what waits to be told.
async fn speak(state: Arc<State>, mut waiting: UnboundedReceiver<Arc<Signal>>) {
    let mut batch = Vec::new();
    loop {
        let mut connection = match state.connect().await {
            Ok(connection) => connection,
            Err(error) => {
                state.away(&state.speaks, &error);
                keep_ends(&state, &mut waiting, &mut batch);
                tokio::time::sleep(RETRY_EVERY).await;
                continue;
            }
        };
        state.speaks.store(true, Ordering::Relaxed);
        loop {
            if let Err(error) = state.publish(&mut connection, &batch).await {
                state.away(&state.speaks, &error);
                // Some of it may have been told: nobody is to hear it twice.
                batch.retain(is_end);
                keep_ends(&state, &mut waiting, &mut batch);
                // It may answer and refuse what it is told: asking again at once would never end.
                tokio::time::sleep(RETRY_EVERY).await;
                break;
            }
            batch.clear();
            let received = tokio::select! {
                biased;
                () = state.lost.notified() => None,
                received = waiting.recv_many(&mut batch, BATCH_MAX) => Some(received),
            };
            match received {
                Some(0) => return,
                Some(_) => state.spoken(&batch),
                None => {
                    state.speaks.store(false, Ordering::Relaxed);
                    break;
                }
            }
        }
    }
}

/// What waits while Redis is away is old news, but for who has to be put out.
fn keep_ends(
    state: &State,
    waiting: &mut UnboundedReceiver<Arc<Signal>>,
    batch: &mut Vec<Arc<Signal>>,
) {
    while let Ok(signal) = waiting.try_recv() {
        state.spoken(std::slice::from_ref(&signal));
        batch.extend(is_end(&signal).then_some(signal));
    }
    let too_many = batch.len().saturating_sub(ENDS_WAITING_MAX);
    batch.drain(..too_many);
}

/// Whether it may be told twice, and late.
fn is_end(signal: &Arc<Signal>) -> bool {
    !matches!(**signal, Signal::Pushed(..))
}

/// Hears what the others tell.
async fn hear(state: Arc<State>, ear: Arc<dyn BusEar>) {
    loop {
        match state.subscribe().await {
            Ok((sink, stream)) => {
                tracing::info!("Redis answers: live updates reach the other hosts");
                state.hears.store(true, Ordering::Relaxed);
                ear.lost_some();
                listen(&state, &*ear, sink, stream).await;
                state.hears.store(false, Ordering::Relaxed);
                state.lost.notify_one();
                tracing::warn!("Redis is lost: live updates stay on this host");
            }
            Err(error) => state.away(&state.hears, &error),
        }
        tokio::time::sleep(RETRY_EVERY).await;
    }
}

/// Until the connection is lost.
async fn listen(state: &State, ear: &dyn BusEar, mut sink: PubSubSink, mut stream: PubSubStream) {
    loop {
        tokio::select! {
            message = stream.next() => {
                let Some(message) = message else { return };
                if let Some(signal) = state.read(message.get_payload_bytes()) {
                    ear.hear(signal);
                }
            }
            () = tokio::time::sleep(PING_EVERY) => {
                let pong = tokio::time::timeout(ANSWER_MAX, sink.ping::<redis::Value>()).await;
                if !matches!(pong, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}

impl State {
    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER_MAX))
            .set_response_timeout(Some(ANSWER_MAX));
        let connecting = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        connecting.await
    }

    async fn subscribe(&self) -> RedisResult<(PubSubSink, PubSubStream)> {
        let subscribing = async {
            let mut connection = self.client.get_async_pubsub().await?;
            connection.subscribe(&self.channel).await?;
            Ok(connection.split())
        };
        let subscribed = tokio::time::timeout(ANSWER_MAX, subscribing).await;
        subscribed.unwrap_or_else(|_| {
            let reason = "no answer in time";
            Err((redis::ErrorKind::Io, reason).into())
        })
    }

    async fn publish(
        &self,
        connection: &mut MultiplexedConnection,
        signals: &[Arc<Signal>],
    ) -> RedisResult<()> {
        if signals.is_empty() {
            return Ok(());
        }
        let mut pipe = redis::pipe();
        for signal in signals {
            let text = json!({ "from": self.origin, "signal": signal.to_json() }).to_string();
            pipe.publish(&self.channel, text).ignore();
        }
        pipe.query_async(connection).await
    }

    /// What another host has told; none if it was this one.
    fn read(&self, text: &[u8]) -> Option<Signal> {
        let value: Value = serde_json::from_slice(text).ok()?;
        if value.get("from")?.as_str()? == self.origin {
            return None;
        }
        Signal::from_json(value.get("signal")?)
    }

    /// These wait no longer.
    fn spoken(&self, signals: &[Arc<Signal>]) {
        let bytes = signals.iter().map(|signal| weight(signal)).sum();
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn away(&self, side: &AtomicBool, error: &RedisError) {
        side.store(false, Ordering::Relaxed);
        tracing::debug!(%error, "Redis can't be reached for live updates");
    }
}

fn weight(signal: &Signal) -> usize {
    let texts = match signal {
        Signal::Pushed(_, pushes) => pushes
            .iter()
            .map(|push| match push {
                Push::Say(message) => message.payload.len() + SIGNAL_BYTES,
                Push::Evict { .. } => SIGNAL_BYTES,
            })
            .sum(),
        Signal::SessionEnded(_) | Signal::AccountEnded(..) | Signal::PluginsSwitched => 0,
    };
    SIGNAL_BYTES + texts
}
