//! `[telemetry]`: what a collector of OpenTelemetry is told, and who may see `/metrics`.

use std::time::Duration;

use serde::Deserialize;
use stoa_telemetry::TelemetryConfig;

use super::Secret;

/// What is told to a collector.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// Where the collector is; empty for none.
    endpoint: String,
    /// `name=value,…`, sent with every message.
    headers: Secret,
    /// `service.name`.
    service_name: String,
    /// The share of all traces that is kept.
    sample_ratio: f64,
    /// What is sent.
    signals: Vec<Signal>,
    /// Seconds from one look at what is counted to the next.
    metrics_every_s: u64,
    /// Who may see `/metrics`.
    pub metrics: MetricsFor,
}

/// What can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Signal {
    Traces,
    Metrics,
    Logs,
}

/// Who may see `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricsFor {
    /// Whoever `http.metrics_token` admits.
    Operator,
    /// Anybody.
    Public,
}

impl Telemetry {
    /// How it is sent; none when it is not.
    #[must_use]
    pub fn sending(&self) -> Option<TelemetryConfig> {
        let sends = |signal| self.signals.contains(&signal);
        let config = TelemetryConfig {
            endpoint: self.endpoint.clone(),
            headers: self.headers().ok()?,
            service_name: self.service_name.clone(),
            service_version: env!("CARGO_PKG_VERSION").to_owned(),
            sample_ratio: self.sample_ratio,
            traces: sends(Signal::Traces),
            metrics_every: sends(Signal::Metrics)
                .then(|| Duration::from_secs(self.metrics_every_s)),
            logs: sends(Signal::Logs),
        };
        (!self.endpoint.is_empty()).then_some(config)
    }

    /// Checks what the types alone do not say.
    ///
    /// # Errors
    /// A sentence that names the key at fault.
    pub fn check(&self) -> Result<(), String> {
        let schemes = ["http://", "https://"];
        let is_address = |rest: &str| {
            !rest.is_empty()
                && rest
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b'@')
        };
        let mut rests = schemes
            .iter()
            .filter_map(|scheme| self.endpoint.strip_prefix(scheme));
        if !self.endpoint.is_empty() && !rests.any(is_address) {
            return Err(
                "telemetry.endpoint is http://host[:port] or https://…, without a user".into(),
            );
        }
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return Err("telemetry.sample_ratio is from 0 to 1".into());
        }
        if self.metrics_every_s == 0 {
            return Err("telemetry.metrics_every_s is at least 1".into());
        }
        self.headers().map(drop)
    }

    /// What is wrong is not quoted: it is a secret.
    fn headers(&self) -> Result<Vec<(String, Secret)>, String> {
        let pairs = self.headers.expose().split(',').map(str::trim);
        let pairs = pairs.filter(|pair| !pair.is_empty());
        let header = |pair: &str| {
            let (name, value) = pair.split_once('=')?;
            let (name, value) = (name.trim(), value.trim());
            let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            let is_value = |b: u8| b == b' ' || b.is_ascii_graphic();
            let is_header =
                !name.is_empty() && name.bytes().all(is_name) && value.bytes().all(is_value);
            is_header.then(|| (name.to_owned(), Secret::new(value)))
        };
        let headers: Option<Vec<_>> = pairs.map(header).collect();
        headers.ok_or_else(|| "telemetry.headers is name=value,name=value".into())
    }
}
