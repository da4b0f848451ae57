//! OpenTelemetry: spans, metrics and lines of the log on their way to a collector, by OTLP over HTTP.
//!
//! The host says what it does in spans of `tracing` (see [`stoa_kernel::trace`]); here they are kept, batched and sent.
//! Nobody ever waits for that: queues are bounded, what does not fit is dropped and counted, and a collector that is
//! away or hangs changes nothing but three counters: `telemetry_exported_total`, `telemetry_failed_total`,
//! `telemetry_dropped_total`.

mod exporter;
mod fields;
mod figures;
mod lines;
mod otlp;
mod queue;
mod spans;
mod time;

use std::sync::Arc;
use std::time::Duration;

use stoa_kernel::random::Random;
use stoa_kernel::secret::Secret;
use stoa_kernel::trace;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::exporter::{Exporter, Signal};
use crate::figures::Span as Counted;
pub use crate::lines::Lines;
use crate::otlp::logs::{ExportLogsServiceRequest, LogRecord, ResourceLogs, ScopeLogs};
use crate::otlp::metrics::{ExportMetricsServiceRequest, ResourceMetrics, ScopeMetrics};
use crate::otlp::trace::{ExportTraceServiceRequest, ResourceSpans, ScopeSpans, Span};
use crate::otlp::{KeyValue, Resource, Scope};
use crate::queue::queue;
pub use crate::spans::Spans;

/// Spans that wait to be sent: of a second of a busy host, in some megabytes.
const SPANS_MAX: usize = 8_192;

/// Lines that wait to be sent.
const LINES_MAX: usize = 2_048;

/// How long a host that stops waits for what is on its way.
const FLUSH_MAX: Duration = Duration::from_secs(3);

/// What the operator says.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// Where the collector is; the signals' paths (`/v1/traces`, …) are appended.
    pub endpoint: String,
    /// Headers of every message, such as credentials.
    pub headers: Vec<(String, Secret)>,
    /// `service.name`.
    pub service_name: String,
    /// `service.version`.
    pub service_version: String,
    /// The share of all traces that is kept, from 0 to 1.
    pub sample_ratio: f64,
    /// Whether spans are sent.
    pub traces: bool,
    /// How often metrics are sent; never if none.
    pub metrics_every: Option<Duration>,
    /// Whether lines of the log are sent.
    pub logs: bool,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A header that is none.
    #[error("{0:?} is no header, or its value none")]
    Header(String),
    /// The client.
    #[error("the client: {0}")]
    Client(#[from] reqwest::Error),
}

/// Spans and lines that wait, and the way to the collector.
pub struct Telemetry {
    config: TelemetryConfig,
    resource: Resource,
    began_ns: u64,
    spans: Option<mpsc::Receiver<Span>>,
    lines: Option<mpsc::Receiver<LogRecord>>,
    stop: watch::Sender<bool>,
    exporter: Arc<Exporter>,
}

/// The layers that spans and lines come through.
#[derive(Default)]
pub struct Layers {
    /// Takes spans whose target is [`trace::SPANS`], and has to be given no others.
    pub spans: Option<Spans>,
    /// Takes events, and finds their place by the same spans.
    pub lines: Option<Lines>,
}

impl Telemetry {
    /// The layers for the process's subscriber, and what sends. Layers fill queues until [`Telemetry::start`].
    ///
    /// # Errors
    /// [`TelemetryError`].
    pub fn open(
        config: TelemetryConfig,
        random: Arc<dyn Random>,
    ) -> Result<(Self, Layers), TelemetryError> {
        let stop = watch::Sender::new(false);
        let exporter = Exporter::new(&config, stop.subscribe())?;
        let mut layers = Layers::default();
        let mut id = [0; 8];
        random.fill(&mut id);
        let spans = config.traces.then(|| {
            let (sender, receiver) = queue(Signal::Spans.word(), SPANS_MAX);
            layers.spans = Some(Spans::new(sender, config.sample_ratio, random));
            trace::install(spans::current);
            receiver
        });
        let lines = config.logs.then(|| {
            let (sender, receiver) = queue(Signal::Lines.word(), LINES_MAX);
            layers.lines = Some(Lines(sender));
            receiver
        });
        let telemetry = Self {
            resource: resource(&config, &id),
            began_ns: time::now_ns(),
            spans,
            lines,
            stop,
            exporter,
            config,
        };
        Ok((telemetry, layers))
    }

    /// Sends from now on, by tasks of the current runtime. `figures` tells all that is counted, in Prometheus' text
    /// format.
    #[must_use]
    pub fn start(self, figures: impl Fn() -> String + Send + Sync + 'static) -> Sending {
        let mut tasks = JoinSet::new();
        let scope = Scope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        if let Some(queue) = self.spans {
            let (resource, scope) = (self.resource.clone(), scope.clone());
            let message = move |spans| ExportTraceServiceRequest {
                resource_spans: vec![ResourceSpans {
                    resource: Some(resource.clone()),
                    scope_spans: vec![ScopeSpans {
                        scope: Some(scope.clone()),
                        spans,
                    }],
                }],
            };
            let exporter = Arc::clone(&self.exporter);
            tasks.spawn(exporter.drain(Signal::Spans, queue, message));
        }
        if let Some(queue) = self.lines {
            let (resource, scope) = (self.resource.clone(), scope.clone());
            let message = move |log_records| ExportLogsServiceRequest {
                resource_logs: vec![ResourceLogs {
                    resource: Some(resource.clone()),
                    scope_logs: vec![ScopeLogs {
                        scope: Some(scope.clone()),
                        log_records,
                    }],
                }],
            };
            let exporter = Arc::clone(&self.exporter);
            tasks.spawn(exporter.drain(Signal::Lines, queue, message));
        }
        if let Some(every) = self.config.metrics_every {
            let (resource, from) = (self.resource, self.began_ns);
            let message = move || {
                let to = time::now_ns();
                let metrics = figures::metrics(&figures(), Counted { from, to });
                let count = metrics.len() as u64;
                let message = ExportMetricsServiceRequest {
                    resource_metrics: vec![ResourceMetrics {
                        resource: Some(resource.clone()),
                        scope_metrics: vec![ScopeMetrics {
                            scope: Some(scope.clone()),
                            metrics,
                        }],
                    }],
                };
                (count, message)
            };
            tasks.spawn(self.exporter.repeat(every, message));
        }
        Sending {
            tasks,
            stop: self.stop,
        }
    }
}

/// Who all of it comes from. The instance is another one after each start.
fn resource(config: &TelemetryConfig, id: &[u8]) -> Resource {
    Resource {
        attributes: vec![
            KeyValue::text("service.name", &*config.service_name),
            KeyValue::text("service.version", &*config.service_version),
            KeyValue::text("service.instance.id", stoa_kernel::hex::hex(id)),
        ],
    }
}

/// What sends.
pub struct Sending {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Sending {
    /// Sends what waits, within a bound, and nothing more.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FLUSH_MAX, ended).await.is_err() {
            tracing::warn!("the collector does not take the rest of the telemetry");
        }
    }
}
