//! What sends: batches, in good time, and without ever being in anybody's way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use metrics::counter;
use prost::Message;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::{TelemetryConfig, TelemetryError};

/// Things that one message carries.
const BATCH_MAX: usize = 512;

/// How long a batch waits for more before it is sent.
const BATCH_WAIT: Duration = Duration::from_secs(1);

/// How long a collector may take for a message.
const SEND_MAX: Duration = Duration::from_secs(5);

/// How long finding and reaching a collector may take.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// How often a message is sent before it is given up. Meanwhile the queue fills, and what does not fit is dropped.
const TRIES_MAX: u32 = 3;

/// How long to wait before a message is sent again; twice as long each time.
const PAUSE: Duration = Duration::from_millis(500);

const MEDIA_TYPE: &str = "application/x-protobuf";

/// Counts what has arrived.
const EXPORTED: &str = "telemetry_exported_total";

/// Counts what was given up.
const FAILED: &str = "telemetry_failed_total";

/// Sends messages to the collector.
pub(crate) struct Exporter {
    client: Client,
    /// Without the signal's path.
    endpoint: String,
    /// Of each signal, whether its last message arrived, so that the log says once that things have changed: a collector
    /// may take some of them only.
    is_well: [AtomicBool; Signal::COUNT],
    stopping: watch::Receiver<bool>,
}

impl Exporter {
    /// A way to the collector.
    ///
    /// # Errors
    /// [`TelemetryError`].
    pub(crate) fn new(
        config: &TelemetryConfig,
        stopping: watch::Receiver<bool>,
    ) -> Result<Arc<Self>, TelemetryError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        for (name, value) in &config.headers {
            let named = HeaderName::from_bytes(name.as_bytes());
            let named = named.map_err(|_| TelemetryError::Header(name.clone()))?;
            let value = HeaderValue::from_str(value.expose());
            let mut value = value.map_err(|_| TelemetryError::Header(name.clone()))?;
            value.set_sensitive(true);
            headers.insert(named, value);
        }
        let client = Client::builder()
            .default_headers(headers)
            // The credentials are for the collector that the operator named.
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_MAX)
            .timeout(SEND_MAX)
            .user_agent("stoa")
            .build()?;
        Ok(Arc::new(Self {
            client,
            endpoint: config.endpoint.trim_end_matches('/').to_owned(),
            is_well: std::array::from_fn(|_| AtomicBool::new(true)),
            stopping,
        }))
    }

    /// Sends what comes out of a queue, until the host stops and the queue is empty.
    pub(crate) async fn drain<T, M: Message>(
        self: Arc<Self>,
        signal: Signal,
        mut queue: mpsc::Receiver<T>,
        message: impl Fn(Vec<T>) -> M,
    ) {
        let mut stopping = self.stopping.clone();
        let mut batch = Vec::new();
        loop {
            if *stopping.borrow() {
                queue.close();
            }
            tokio::select! {
                taken = queue.recv_many(&mut batch, BATCH_MAX) => {
                    if taken == 0 {
                        return;
                    }
                }
                () = asked(&mut stopping), if !queue.is_closed() => continue,
            }
            let until = Instant::now() + BATCH_WAIT;
            while batch.len() < BATCH_MAX && !*stopping.borrow() {
                let room = BATCH_MAX - batch.len();
                tokio::select! {
                    more = timeout_at(until, queue.recv_many(&mut batch, room)) => {
                        if matches!(more, Err(_) | Ok(0)) {
                            break;
                        }
                    }
                    () = asked(&mut stopping) => break,
                }
            }
            let count = batch.len() as u64;
            let message = message(std::mem::take(&mut batch));
            self.send(signal, count, &message).await;
        }
    }

    /// Sends figures every so often, and at the end.
    pub(crate) async fn repeat<M: Message>(
        self: Arc<Self>,
        every: Duration,
        message: impl Fn() -> (u64, M),
    ) {
        let mut stopping = self.stopping.clone();
        loop {
            let is_last = timeout(every, asked(&mut stopping)).await.is_ok();
            let (count, message) = message();
            self.send(Signal::Metrics, count, &message).await;
            if is_last {
                return;
            }
        }
    }

    async fn send(&self, signal: Signal, count: u64, message: &impl Message) {
        let body = Bytes::from(message.encode_to_vec());
        let mut stopping = self.stopping.clone();
        let mut pause = PAUSE;
        let mut tried = 1;
        let outcome = loop {
            let outcome = self.post(signal, body.clone()).await;
            let is_hopeless = matches!(&outcome, Err(Failure::Refused(_)));
            if outcome.is_ok() || is_hopeless || tried == TRIES_MAX || *stopping.borrow() {
                break outcome;
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = asked(&mut stopping) => {}
            }
            pause *= 2;
            tried += 1;
        };
        let [spans, metrics, lines] = &self.is_well;
        let is_well = match signal {
            Signal::Spans => spans,
            Signal::Metrics => metrics,
            Signal::Lines => lines,
        };
        let was_well = is_well.swap(outcome.is_ok(), Ordering::Relaxed);
        let label = ("signal", signal.word());
        match outcome {
            Ok(()) => {
                counter!(EXPORTED, &[label]).increment(count);
                if !was_well {
                    tracing::info!(signal = signal.word(), "telemetry arrives again");
                }
            }
            Err(failure) => {
                counter!(FAILED, &[label]).increment(count);
                if was_well {
                    tracing::warn!(signal = signal.word(), %failure, "telemetry does not arrive");
                }
            }
        }
    }

    async fn post(&self, signal: Signal, body: Bytes) -> Result<(), Failure> {
        let url = format!("{}{}", self.endpoint, signal.path());
        let sent = self.client.post(url).body(body).send().await;
        // What an error says of the address may hold what is secret.
        let answer = sent.map_err(|error| Failure::Away(error.without_url().to_string()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status @ (StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT) => Err(Failure::Away(status.to_string())),
            status => Err(Failure::Refused(status)),
        }
    }
}

/// Until the host is to stop.
async fn asked(stopping: &mut watch::Receiver<bool>) {
    // An error means that nobody is left who could ask: that is a stop, too.
    let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
}

/// Why a message did not arrive.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Nobody is there, or has time: another time it may be different.
    #[error("{0}")]
    Away(String),
    /// The collector does not want it.
    #[error("the collector answers {0}")]
    Refused(StatusCode),
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Spans,
    Metrics,
    Lines,
}

impl Signal {
    /// How many there are.
    const COUNT: usize = 3;

    /// By this word it is counted.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Spans => "traces",
            Self::Metrics => "metrics",
            Self::Lines => "logs",
        }
    }

    /// Where it is posted to.
    const fn path(self) -> &'static str {
        match self {
            Self::Spans => "/v1/traces",
            Self::Metrics => "/v1/metrics",
            Self::Lines => "/v1/logs",
        }
    }
}
