//! `opentelemetry/proto/metrics/v1/metrics.proto`.

use prost::{Message, Oneof};

use super::{KeyValue, Resource, Scope};

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`: since the process began.
pub const CUMULATIVE: i32 = 2;

/// What is posted to `/v1/metrics`.
#[derive(Clone, PartialEq, Message)]
pub struct ExportMetricsServiceRequest {
    /// By who sends.
    #[prost(message, repeated, tag = "1")]
    pub resource_metrics: Vec<ResourceMetrics>,
}

/// Metrics of one sender.
#[derive(Clone, PartialEq, Message)]
pub struct ResourceMetrics {
    /// Who.
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    /// By part of the program.
    #[prost(message, repeated, tag = "2")]
    pub scope_metrics: Vec<ScopeMetrics>,
}

/// Metrics of one part.
#[derive(Clone, PartialEq, Message)]
pub struct ScopeMetrics {
    /// Which.
    #[prost(message, optional, tag = "1")]
    pub scope: Option<Scope>,
    /// They.
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
}

/// A metric.
#[derive(Clone, PartialEq, Message)]
pub struct Metric {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is.
    #[prost(string, tag = "2")]
    pub description: String,
    /// Its unit, as UCUM writes it.
    #[prost(string, tag = "3")]
    pub unit: String,
    /// Its figures.
    #[prost(oneof = "Data", tags = "5, 7, 9, 11")]
    pub data: Option<Data>,
}

/// The figures of a metric.
#[derive(Clone, PartialEq, Oneof)]
pub enum Data {
    /// Goes up and down.
    #[prost(message, tag = "5")]
    Gauge(Gauge),
    /// Goes up.
    #[prost(message, tag = "7")]
    Sum(Sum),
    /// How often within which bounds.
    #[prost(message, tag = "9")]
    Histogram(Histogram),
    /// Quantiles.
    #[prost(message, tag = "11")]
    Summary(Summary),
}

/// Figures that go up and down.
#[derive(Clone, PartialEq, Message)]
pub struct Gauge {
    /// By attributes.
    #[prost(message, repeated, tag = "1")]
    pub data_points: Vec<NumberDataPoint>,
}

/// Figures that go up.
#[derive(Clone, PartialEq, Message)]
pub struct Sum {
    /// By attributes.
    #[prost(message, repeated, tag = "1")]
    pub data_points: Vec<NumberDataPoint>,
    /// [`CUMULATIVE`].
    #[prost(int32, tag = "2")]
    pub aggregation_temporality: i32,
    /// Whether it never goes down.
    #[prost(bool, tag = "3")]
    pub is_monotonic: bool,
}

/// How often within which bounds.
#[derive(Clone, PartialEq, Message)]
pub struct Histogram {
    /// By attributes.
    #[prost(message, repeated, tag = "1")]
    pub data_points: Vec<HistogramDataPoint>,
    /// [`CUMULATIVE`].
    #[prost(int32, tag = "2")]
    pub aggregation_temporality: i32,
}

/// Quantiles.
#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    /// By attributes.
    #[prost(message, repeated, tag = "1")]
    pub data_points: Vec<SummaryDataPoint>,
}

/// A figure.
#[derive(Clone, PartialEq, Message)]
pub struct NumberDataPoint {
    /// When counting began, in nanoseconds since 1970.
    #[prost(fixed64, tag = "2")]
    pub start_time_unix_nano: u64,
    /// When it was looked at.
    #[prost(fixed64, tag = "3")]
    pub time_unix_nano: u64,
    /// It.
    #[prost(double, optional, tag = "4")]
    pub as_double: Option<f64>,
    /// Of what.
    #[prost(message, repeated, tag = "7")]
    pub attributes: Vec<KeyValue>,
}

/// How often within which bounds.
#[derive(Clone, PartialEq, Message)]
pub struct HistogramDataPoint {
    /// When counting began, in nanoseconds since 1970.
    #[prost(fixed64, tag = "2")]
    pub start_time_unix_nano: u64,
    /// When it was looked at.
    #[prost(fixed64, tag = "3")]
    pub time_unix_nano: u64,
    /// How often at all.
    #[prost(fixed64, tag = "4")]
    pub count: u64,
    /// All together.
    #[prost(double, optional, tag = "5")]
    pub sum: Option<f64>,
    /// How often up to each bound and above the one before, and above the last.
    #[prost(fixed64, repeated, tag = "6")]
    pub bucket_counts: Vec<u64>,
    /// The bounds.
    #[prost(double, repeated, tag = "7")]
    pub explicit_bounds: Vec<f64>,
    /// Of what.
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
}

/// Quantiles.
#[derive(Clone, PartialEq, Message)]
pub struct SummaryDataPoint {
    /// When counting began, in nanoseconds since 1970.
    #[prost(fixed64, tag = "2")]
    pub start_time_unix_nano: u64,
    /// When it was looked at.
    #[prost(fixed64, tag = "3")]
    pub time_unix_nano: u64,
    /// How often at all.
    #[prost(fixed64, tag = "4")]
    pub count: u64,
    /// All together.
    #[prost(double, tag = "5")]
    pub sum: f64,
    /// They.
    #[prost(message, repeated, tag = "6")]
    pub quantile_values: Vec<ValueAtQuantile>,
    /// Of what.
    #[prost(message, repeated, tag = "7")]
    pub attributes: Vec<KeyValue>,
}

/// A quantile.
#[derive(Clone, PartialEq, Message)]
pub struct ValueAtQuantile {
    /// 0 to 1.
    #[prost(double, tag = "1")]
    pub quantile: f64,
    /// Its value.
    #[prost(double, tag = "2")]
    pub value: f64,
}
