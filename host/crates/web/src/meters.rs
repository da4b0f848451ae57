//! Prometheus: the process-wide recorder, and the edge's own two metrics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the duration histogram in seconds: from a component's call to the longest timeout.
const DURATION_BUCKETS_S: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

const REQUESTS: &str = "http_requests_total";
const DURATION: &str = "http_request_duration_seconds";

/// Why nothing can be measured.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// Another recorder was there first, or ours is misconfigured.
    #[error("the metrics recorder can't be installed: {0}")]
    Install(#[from] BuildError),
}

/// What all crates of the process count with `metrics::counter!` and its sisters, as text.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// The process's recorder; installed by the first call. Call it before anything is counted: what is
    /// counted earlier is lost.
    ///
    /// # Errors
    /// [`MetricsError::Install`] when somebody else installed another one.
    pub fn install() -> Result<Self, MetricsError> {
        static INSTALLED: Mutex<Option<Metrics>> = Mutex::new(None);
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = &*installed {
            return Ok(metrics.clone());
        }
        let durations = Matcher::Suffix("_duration_seconds".to_owned());
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(durations, &DURATION_BUCKETS_S)?
            .install_recorder()?;
        metrics::describe_counter!(REQUESTS, "Requests by method, route pattern and status.");
        metrics::describe_histogram!(DURATION, "Seconds from a request's head to its answer.");
        Ok(installed.insert(Self(handle)).clone())
    }

    /// Everything that was counted, in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds the samples since the last time into their histograms; without it they pile up.
    pub(crate) fn run_upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// Counts requests. Handles of metrics are looked up once per method, route and status.
#[derive(Default)]
pub(crate) struct Meters {
    routes: RwLock<HashMap<Box<str>, Arc<RouteMeters>>>,
}

/// The few combinations of method and status that one route has: a list is quicker than a table.
type RouteMeters = RwLock<Vec<Meter>>;

#[derive(Clone)]
struct Meter {
    method: &'static str,
    status: u16,
    requests: Counter,
    duration: Histogram,
}

impl Meters {
    /// Counts one request.
    pub(crate) fn record(&self, method: &'static str, route: &str, status: u16, seconds: f64) {
        let of_route = self.of_route(route);
        let is_it = |meter: &&Meter| meter.method == method && meter.status == status;
        {
            let known = of_route.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(meter) = known.iter().find(is_it) {
                return meter.count(seconds);
            }
        }
        let meter = Meter::new(method, route, status);
        meter.count(seconds);
        let mut known = of_route.write().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|meter| is_it(&meter)) {
            known.push(meter);
        }
    }

    fn of_route(&self, route: &str) -> Arc<RouteMeters> {
        {
            let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(meters) = routes.get(route) {
                return Arc::clone(meters);
            }
        }
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(routes.entry(route.into()).or_default())
    }
}

impl Meter {
    fn new(method: &'static str, route: &str, status: u16) -> Self {
        let route = route.to_owned();
        Self {
            method,
            status,
            requests: metrics::counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string()),
            duration: metrics::histogram!(DURATION, "method" => method, "route" => route),
        }
    }

    fn count(&self, seconds: f64) {
        self.requests.increment(1);
        self.duration.record(seconds);
    }
}
