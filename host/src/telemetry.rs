//! Logs, on standard error: one line per event, readable and filterable.

use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Format, Log};

/// Starts logging. Panics are logged like everything else from then on.
///
/// # Errors
/// When the filter is malformed, or logging was started before.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(&log.filter).with_context(|| format!("log.filter {:?}", log.filter))?;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    match log.format {
        Format::Text => registry.with(layer).try_init(),
        Format::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    }
    .context("logging")?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
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
