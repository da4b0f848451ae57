//! Logs, on standard error: one line per event, readable and filterable. And, where the operator has a collector,
//! telemetry.

use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;
use std::sync::Arc;

use anyhow::Context as _;
use stoa_kernel::trace::SPANS;
use stoa_telemetry::Telemetry;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry};

use crate::config::{Config, Format, Log};
use crate::system::SystemRandom;

/// Starts logging, and keeps what is to be told to a collector, if there is one.
///
/// # Errors
/// When the filter is malformed, a header is none, or logging was started before.
pub fn start(config: &Config) -> anyhow::Result<Option<Telemetry>> {
    let Some(sending) = config.telemetry.sending() else {
        return start_logging(&config.log).map(|()| None);
    };
    let (telemetry, layers) =
        Telemetry::open(sending, Arc::new(SystemRandom)).context("telemetry")?;
    let spans = Targets::new().with_target(SPANS, Level::INFO);
    tracing_subscriber::registry()
        .with(standard_error(&config.log)?)
        .with(layers.spans.with_filter(spans))
        .with(layers.lines.with_filter(filter(&config.log, "info")?))
        .try_init()
        .context("logging")?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(Some(telemetry))
}

/// Starts logging alone. Panics are logged like everything else from then on.
///
/// # Errors
/// When the filter is malformed, or logging was started before.
pub fn start_logging(log: &Log) -> anyhow::Result<()> {
    let registry = tracing_subscriber::registry().with(standard_error(log)?);
    registry.try_init().context("logging")?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// The lines on standard error. Spans are none of them, and cost nothing where nobody else wants them.
fn standard_error(log: &Log) -> anyhow::Result<impl Layer<Registry> + use<>> {
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let layer = match log.format {
        Format::Text => layer.boxed(),
        Format::Json => layer.json().flatten_event(true).boxed(),
    };
    Ok(layer.with_filter(filter(log, "off")?))
}

/// What the operator wants to be logged, and whether spans pass.
fn filter(log: &Log, spans: &str) -> anyhow::Result<EnvFilter> {
    let filter =
        EnvFilter::try_new(&log.filter).with_context(|| format!("log.filter {:?}", log.filter))?;
    Ok(filter.add_directive(format!("{SPANS}={spans}").parse()?))
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    let message = panic
        .payload_as_str()
        .unwrap_or("something that is no text");
    tracing::error!(place, message, "panic: this is a defect of the host");
}
