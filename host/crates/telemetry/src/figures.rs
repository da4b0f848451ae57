//! What `/metrics` shows becomes metrics of OpenTelemetry, so that both always say the same and counting costs nothing
//! more.

use std::collections::BTreeMap;

use crate::otlp::metrics::{
    CUMULATIVE, Data, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, Summary,
    SummaryDataPoint, ValueAtQuantile,
};
use crate::otlp::{KeyValue, Value};

/// Series that are sent at most: more than a host with a hundred plugins has.
const SERIES_MAX: usize = 50_000;

/// Names that OpenTelemetry has for what Prometheus calls otherwise.
const CONVENTIONS: &[(&str, &str)] = &[
    (
        "http_request_duration_seconds",
        "http.server.request.duration",
    ),
    ("method", "http.request.method"),
    ("route", "http.route"),
    ("status", "http.response.status_code"),
    ("plugin", "stoa.plugin"),
];

/// What ends the name of a figure in seconds.
const SECONDS: &str = "_seconds";

fn conventional(name: &str) -> String {
    let mut known = CONVENTIONS.iter();
    let found = known.find(|(known, _)| *known == name);
    found
        .map_or(name, |(_, conventional)| conventional)
        .to_owned()
}

/// When it was counted, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub from: u64,
    pub to: u64,
}

type Labels = Vec<(String, String)>;

/// One line.
struct Sample<'t> {
    name: &'t str,
    labels: Labels,
    value: f64,
}

/// Everything that is counted.
pub(crate) fn metrics(text: &str, span: Span) -> Vec<Metric> {
    let mut metrics = Vec::new();
    let mut family: Option<Family<'_>> = None;
    let mut left = SERIES_MAX;
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let ended = family.take().and_then(|family| family.end(span));
            metrics.extend(ended);
            family = kind
                .split_once(' ')
                .map(|(name, kind)| Family::new(name, kind));
        } else if let (Some(family), Some(sample)) = (&mut family, sample(line)) {
            let Some(fewer) = left.checked_sub(1) else {
                break;
            };
            left = fewer;
            family.add(sample);
        }
    }
    metrics.extend(family.and_then(|family| family.end(span)));
    metrics
}

/// The lines of one metric.
struct Family<'t> {
    name: &'t str,
    kind: &'t str,
    points: BTreeMap<Labels, Point>,
}

/// The figures of one set of labels.
#[derive(Default)]
struct Point {
    value: f64,
    count: u64,
    sum: f64,
    /// Bounds with how many there are up to each.
    buckets: Vec<(f64, u64)>,
    quantiles: Vec<(f64, f64)>,
}

impl<'t> Family<'t> {
    const fn new(name: &'t str, kind: &'t str) -> Self {
        Self {
            name,
            kind,
            points: BTreeMap::new(),
        }
    }

    fn add(&mut self, sample: Sample<'_>) {
        let Sample {
            name,
            mut labels,
            value,
        } = sample;
        let mut take = |name: &str| {
            let at = labels.iter().position(|(known, _)| known == name)?;
            labels.remove(at).1.parse::<f64>().ok()
        };
        let (bound, quantile) = match self.kind {
            "histogram" => (take("le"), None),
            "summary" => (None, take("quantile")),
            _ => (None, None),
        };
        let point = self.points.entry(labels).or_default();
        match (name.strip_prefix(self.name), bound, quantile) {
            (Some("_bucket"), Some(bound), _) => point.buckets.push((bound, whole(value))),
            (Some("_sum"), ..) => point.sum = value,
            (Some("_count"), ..) => point.count = whole(value),
            (_, _, Some(quantile)) => point.quantiles.push((quantile, value)),
            _ => point.value = value,
        }
    }

    fn end(self, span: Span) -> Option<Metric> {
        let points = self.points.into_iter();
        let data = match self.kind {
            "counter" => Data::Sum(Sum {
                data_points: points
                    .map(|(labels, point)| number(labels, &point, span))
                    .collect(),
                aggregation_temporality: CUMULATIVE,
                is_monotonic: true,
            }),
            "gauge" => Data::Gauge(Gauge {
                data_points: points
                    .map(|(labels, point)| number(labels, &point, span))
                    .collect(),
            }),
            "histogram" => Data::Histogram(Histogram {
                data_points: points
                    .map(|(labels, point)| histogram(labels, point, span))
                    .collect(),
                aggregation_temporality: CUMULATIVE,
            }),
            "summary" => Data::Summary(Summary {
                data_points: points
                    .map(|(labels, point)| summary(labels, point, span))
                    .collect(),
            }),
            _ => return None,
        };
        let unit = if self.name.ends_with(SECONDS) {
            "s"
        } else {
            ""
        };
        Some(Metric {
            name: conventional(self.name),
            description: String::new(),
            unit: unit.to_owned(),
            data: Some(data),
        })
    }
}

fn attributes(labels: Labels) -> Vec<KeyValue> {
    let labels = labels.into_iter();
    let labels =
        labels.map(|(name, value)| KeyValue::new(conventional(&name), Value::String(value)));
    labels.collect()
}

fn number(labels: Labels, point: &Point, span: Span) -> NumberDataPoint {
    NumberDataPoint {
        start_time_unix_nano: span.from,
        time_unix_nano: span.to,
        as_double: Some(point.value),
        attributes: attributes(labels),
    }
}

/// Prometheus counts up to each bound, OpenTelemetry between two of them.
fn histogram(labels: Labels, mut point: Point, span: Span) -> HistogramDataPoint {
    point
        .buckets
        .sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut before = 0;
    let counts = point.buckets.iter().map(|(_, up_to)| {
        let within = up_to.saturating_sub(before);
        before = *up_to;
        within
    });
    let bucket_counts = counts.collect();
    let bounds = point.buckets.iter().map(|(bound, _)| *bound);
    HistogramDataPoint {
        start_time_unix_nano: span.from,
        time_unix_nano: span.to,
        count: point.count,
        sum: Some(point.sum),
        bucket_counts,
        explicit_bounds: bounds.filter(|bound| bound.is_finite()).collect(),
        attributes: attributes(labels),
    }
}

fn summary(labels: Labels, point: Point, span: Span) -> SummaryDataPoint {
    let quantiles = point.quantiles.into_iter();
    let quantiles = quantiles.map(|(quantile, value)| ValueAtQuantile { quantile, value });
    SummaryDataPoint {
        start_time_unix_nano: span.from,
        time_unix_nano: span.to,
        count: point.count,
        sum: point.sum,
        quantile_values: quantiles.collect(),
        attributes: attributes(labels),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is counted is whole and not negative"
)]
const fn whole(value: f64) -> u64 {
    value as u64
}

/// `name{label="value",…} 1.5`
fn sample(line: &str) -> Option<Sample<'_>> {
    if line.starts_with('#') {
        return None;
    }
    let (series, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let Some((name, rest)) = series.split_once('{') else {
        return Some(Sample {
            name: series,
            labels: Labels::new(),
            value,
        });
    };
    let labels = labels(rest.strip_suffix('}')?)?;
    Some(Sample {
        name,
        labels,
        value,
    })
}

/// `label="value",…`, with `\\`, `\"` and `\n` in values.
fn labels(text: &str) -> Option<Labels> {
    let mut labels = Labels::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, quoted) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut chars = quoted.char_indices();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => match chars.next()? {
                    (_, 'n') => value.push('\n'),
                    (_, escaped) => value.push(escaped),
                },
                (_, plain) => value.push(plain),
            }
        };
        labels.push((name.to_owned(), value));
        let after = quoted.get(end + 1..)?;
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    Some(labels)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    const TEXT: &str = r#"# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method="GET",route="/a \"b\" \\ {c}",status="200"} 3
http_requests_total{method="GET",route="/d",status="404"} 1

# TYPE plugin_memory_bytes gauge
plugin_memory_bytes{plugin="cart"} 65536
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{route="/d",le="0.1"} 2
http_request_duration_seconds_bucket{route="/d",le="1"} 5
http_request_duration_seconds_bucket{route="/d",le="+Inf"} 6
http_request_duration_seconds_sum{route="/d"} 3.5
http_request_duration_seconds_count{route="/d"} 6
# TYPE plugin_instantiate_seconds summary
plugin_instantiate_seconds{plugin="cart",quantile="0.5"} 0.25
plugin_instantiate_seconds_sum{plugin="cart"} 1.5
plugin_instantiate_seconds_count{plugin="cart"} 4
# TYPE odd untyped
odd 1
nonsense{a="b
"#;

    #[test]
    fn everything_that_prometheus_is_told_is_told_to_a_collector() {
        let span = Span { from: 1, to: 2 };
        let all = metrics(TEXT, span);
        let names: Vec<&str> = all.iter().map(|metric| &*metric.name).collect();
        assert_eq!(
            names,
            [
                "http_requests_total",
                "plugin_memory_bytes",
                "http.server.request.duration",
                "plugin_instantiate_seconds"
            ]
        );
        let mut data = all.into_iter().map(|metric| metric.data.unwrap());
        let Some(Data::Sum(sum)) = data.next() else {
            unreachable!("a counter")
        };
        let first = sum.data_points.first().unwrap();
        assert_eq!((first.as_double, sum.is_monotonic), (Some(3.0), true));
        let route = Value::String("/a \"b\" \\ {c}".into());
        assert!(
            first
                .attributes
                .contains(&KeyValue::new("http.route", route))
        );
        let Some(Data::Gauge(gauge)) = data.next() else {
            unreachable!("a gauge")
        };
        assert_eq!(gauge.data_points.first().unwrap().as_double, Some(65_536.0));
        let Some(Data::Histogram(histogram)) = data.next() else {
            unreachable!("a histogram")
        };
        let point = histogram.data_points.first().unwrap();
        assert_eq!(point.bucket_counts, [2, 3, 1]);
        assert_eq!(point.explicit_bounds, [0.1, 1.0]);
        assert_eq!((point.count, point.sum), (6, Some(3.5)));
        let Some(Data::Summary(summary)) = data.next() else {
            unreachable!("a summary")
        };
        let point = summary.data_points.first().unwrap();
        assert_eq!((point.count, point.sum), (4, 1.5));
        let told = point.quantile_values.first().unwrap();
        assert_eq!((told.quantile, told.value), (0.5, 0.25));
    }
}
