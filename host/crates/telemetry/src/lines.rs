//! Lines of the log become log records of OpenTelemetry.

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::fields::Fields;
use crate::otlp::logs::LogRecord;
use crate::otlp::{KeyValue, Value};
use crate::queue::Queue;
use crate::spans::place_of;
use crate::time::now_ns;

/// Bytes of a text: what plugins may log at once, and a trap's description with its backtrace.
const TEXT_BYTES_MAX: usize = 8 << 10;

/// What `tracing` calls the text of a line.
const MESSAGE: &str = "message";

/// Whose lines are about sending lines, at least in part: they would never end.
const OWN: &[&str] = &[
    "stoa_telemetry",
    "reqwest",
    "hyper",
    "hyper_util",
    "h2",
    "rustls",
];

/// Sends lines on their way.
pub struct Lines(pub(crate) Queue<LogRecord>);

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let part = metadata.target().split("::").next().unwrap_or_default();
        if OWN.contains(&part) {
            return;
        }
        let mut fields = Fields::new(&[MESSAGE], TEXT_BYTES_MAX);
        event.record(&mut fields);
        let body = fields.take(MESSAGE).map(|text| Value::String(text).into());
        let mut spans = context.event_scope(event).into_iter().flatten();
        let place = spans.find_map(|span| place_of(&span));
        let mut attributes = fields.attributes;
        attributes.push(KeyValue::text("log.target", metadata.target()));
        let now = now_ns();
        self.0.put(LogRecord {
            time_unix_nano: now,
            observed_time_unix_nano: now,
            severity_number: severity(*metadata.level()),
            severity_text: metadata.level().as_str().to_owned(),
            body,
            attributes,
            trace_id: place.map_or_else(Vec::new, |place| place.trace.to_vec()),
            span_id: place.map_or_else(Vec::new, |place| place.span.to_vec()),
        });
    }
}

/// `SeverityNumber`.
const fn severity(level: Level) -> i32 {
    match level {
        Level::TRACE => 1,
        Level::DEBUG => 5,
        Level::INFO => 9,
        Level::WARN => 13,
        Level::ERROR => 17,
    }
}
