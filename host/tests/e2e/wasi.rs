//! Components of other tool chains reach for the world through WASI: they are told what the host's own interfaces
//! tell, within the same limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use stoa_testkit::{FakeClock, TestHost};
use tokio::task::JoinSet;
use tracing::Level;

use crate::log::Log;

/// Requests at once that want the same counter.
const RIVALS: usize = 8;

/// How often they may try to get into each other's way; the first time they do.
const ROUNDS_MAX: usize = 100;

async fn host() -> Arc<TestHost> {
    Arc::new(TestHost::builder().guest("foreign").start().await)
}

/// Plugins' lines: level, request and text.
fn told(log: &Log) -> Vec<(String, String, String)> {
    let text = log.text();
    let lines = text
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).unwrap() });
    let lines = lines.filter(|line| line["target"] == "plugin");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines
        .map(|line| {
            let fields = &line["fields"];
            assert_eq!(fields["plugin"], "foreign");
            (
                text(&line["level"]),
                text(&fields["request"]),
                text(&fields["message"]),
            )
        })
        .collect()
}

#[tokio::test]
async fn clocks_and_chance_are_the_hosts() {
    let host = host().await;
    let ask = async || host.anonymous().get("/foreign/outside").await.json_of(200);
    let first = ask().await;
    assert_eq!(first["seconds"], FakeClock::START / 1_000);
    assert_eq!(first["nanoseconds"], 0);
    assert_eq!(first["monotonic"], FakeClock::START * 1_000_000);
    assert_eq!(first["resolution"], json!([1_000_000, 1_000_000]));
    host.clock.advance(1_250);
    let second = ask().await;
    assert_eq!(second["seconds"], FakeClock::START / 1_000 + 1);
    assert_eq!(second["nanoseconds"], 250_000_000);
    assert_eq!(second["bytes"].as_array().unwrap().len(), 12);
    let mut numbers: Vec<u64> = [&first, &second]
        .iter()
        .flat_map(|seen| seen["random"].as_array().unwrap())
        .map(|number| number.as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 8, "{first} {second}");

    // As the host's own randomness: another host of the same seed tells the same.
    let twin = TestHost::builder().guest("foreign").start().await;
    let twin = twin.anonymous().get("/foreign/outside").await.json_of(200);
    assert_eq!(twin["random"], first["random"]);
}

#[tokio::test]
async fn a_second_run_is_told_the_same() {
    let (log, _guard) = Log::of_thread(Level::INFO);
    let host = host().await;
    let path = "/foreign/counters/x";
    let _ = host.anonymous().post(path, &json!({})).await.expect(200);
    for _ in 0..ROUNDS_MAX {
        let mut rivals = JoinSet::new();
        for _ in 0..RIVALS {
            let host = Arc::clone(&host);
            rivals.spawn(async move { host.anonymous().post(path, &json!({})).await.json_of(200) });
        }
        rivals.join_all().await;
        let mut runs = BTreeMap::<String, Vec<String>>::new();
        for (_, request, seen) in told(&log) {
            runs.entry(request).or_default().push(seen);
        }
        for seen in runs.values() {
            assert!(seen.iter().all(|again| *again == seen[0]), "{seen:#?}");
        }
        if runs.values().any(|seen| seen.len() > 1) {
            return;
        }
    }
    panic!("nobody got into anybody's way");
}

#[tokio::test]
pub async fn what_is_printed_becomes_lines_of_the_plugins_log() {
    let (log, _guard) = Log::of_thread(Level::INFO);
    let host = host().await;
    let _ = host
        .anonymous()
        .post("/foreign/print", &json!({}))
        .await
        .expect(204);
    let lines = told(&log);
    let lines: Vec<(&str, &str)> = lines
        .iter()
        .map(|(level, _, text)| (level.as_str(), text.as_str()))
        .collect();
    let expected = [
        ("INFO", "one line"),
        ("WARN", "a warning"),
        ("INFO", "and another"),
        ("INFO", "\\u{1b}[31mno\\rline of the host\\'s"),
    ];
    assert_eq!(lines, expected);
    let died = host.anonymous().post("/foreign/die", &json!({})).await;
    let _ = died.problem(502, "plugin-trap");
    assert_eq!(told(&log).last().unwrap().2, "its last words");
}

#[tokio::test]
async fn only_what_asks_for_nothing_new_is_told_again() {
    let host = host().await;
    for (what, again) in [
        ("time", false),
        ("chance", false),
        ("wait", false),
        ("print", false),
        ("nothing", true),
    ] {
        let path = format!("/foreign/told/{what}");
        let _ = host.anonymous().get(&path).await.expect(200);
        let second = host.anonymous().get(&path).await.expect(200);
        let hit = second.text("cache-status").is_some();
        assert_eq!(hit, again, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
pub async fn whoever_uses_it_without_end_meets_a_limit() {
    let host = host().await;
    for what in ["time", "log", "handles", "chance", "nothing"] {
        let path = format!("/foreign/flood/{what}");
        let answer = host.anonymous().post(&path, &json!({})).await;
        assert_eq!(answer.status, 502, "{what}: {}", answer.json());
        // Faults closer to each other would keep the plugin from serving.
        host.clock.advance(60_000);
        let _ = host.anonymous().get("/foreign/outside").await.expect(200);
    }
}

#[tokio::test]
pub async fn the_log_of_a_flood_is_cut() {
    let (log, _guard) = Log::of_thread(Level::INFO);
    let host = host().await;
    let flood = host
        .anonymous()
        .post("/foreign/flood/log", &json!({}))
        .await;
    assert_eq!(flood.status, 502);
    let bytes: usize = told(&log).iter().map(|(_, _, text)| text.len()).sum();
    assert_eq!(bytes, stoa_kernel::limits::LOG_BYTES_PER_REQUEST_MAX);
}
