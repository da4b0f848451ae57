//! Metrics: as `/metrics` shows them, and who may see that; and what is not sampled.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::process::Stoa;

use super::{TRACE, Watched, folder};

/// Stops a host as an operator does, and waits until it has ended.
pub fn stop(host: &mut Stoa) {
    kill_process(Pid::from_child(&host.process), Signal::TERM).unwrap();
    assert!(host.process.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_plugins_and_routes_arrive_and_name_no_tenant() {
    let headers = [("STOA_TELEMETRY__HEADERS", "authorization=Bearer c0llect")];
    let watched = Watched::start_with(&["toucher"], &headers).await;
    watched.ask("GET /touch/log", None, "").await;
    let is_it = |metric: &Value| {
        metric["name"] == "plugin_calls_total"
            && metric["attributes"]["stoa.plugin"] == "toucher"
            && metric["value"].as_f64() >= Some(1.0)
    };
    let calls = watched.collector.told("metric", is_it).await;
    assert_eq!(calls["data"], "sum");
    assert_eq!(calls["resource"]["service.name"], "stoa");
    let is_it = |metric: &Value| {
        metric["name"] == "http.server.request.duration"
            && metric["attributes"]["http.route"] == "/touch/{what}"
    };
    let durations = watched.collector.told("metric", is_it).await;
    assert_eq!(
        (&durations["data"], &durations["unit"]),
        (&"histogram".into(), &"s".into())
    );
    let buckets = durations["buckets"].as_array().unwrap().iter();
    let within: f64 = buckets.map(|count| count.as_f64().unwrap()).sum();
    assert_eq!(Some(within), durations["value"].as_f64());

    for metric in watched.collector.all("metric") {
        let attributes = metric["attributes"].as_object().unwrap();
        assert!(
            !attributes.keys().any(|name| name.contains("tenant")),
            "{metric}"
        );
    }
    for message in watched.collector.all("message") {
        assert_eq!(message["headers"]["authorization"], "Bearer c0llect");
        assert_eq!(message["headers"]["content-type"], "application/x-protobuf");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_nothing_sampled_nothing_is_told() {
    let none = [("STOA_TELEMETRY__SAMPLE_RATIO", "0.0")];
    let mut watched = Watched::start_with(&["toucher"], &none).await;
    for what in ["log", "events"] {
        watched.ask(&format!("GET /touch/{what}"), None, "").await;
    }
    // What waits when the host stops is sent before it ends.
    stop(&mut watched.host);
    let line = watched
        .collector
        .told("line", |line| line["text"] == "touched")
        .await;
    assert_eq!(line["trace"], TRACE, "lines belong together all the same");
    assert!(watched.collector.all("span").is_empty());
    assert!(!watched.collector.all("metric").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_tells_the_rest() {
    let mut watched = Watched::start(&["toucher"]).await;
    watched.ask("GET /touch/log", None, "").await;
    stop(&mut watched.host);
    watched.request("GET /touch/{what}").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_shown_to_whom_the_operator_wants() {
    let status = async |host: &Stoa| {
        let through = "GET /metrics HTTP/1.1\r\nx-forwarded-for: 198.51.100.9";
        let answer = host.request(through).await.unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    let dir = folder(&[]);
    let host = Stoa::start(dir.path()).await;
    assert_eq!(status(&host).await, "404");
    drop(host);
    let public = [("STOA_TELEMETRY__METRICS", "public")];
    let host = Stoa::start_with(dir.path(), &public).await;
    assert_eq!(status(&host).await, "200");
}
