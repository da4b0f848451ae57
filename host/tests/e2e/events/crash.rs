//! kill -9 in the middle of deliveries, with the real binary on a disk: nothing is lost and nothing comes twice.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use stoa_testkit::guest_file;

use super::until;
use crate::process::Stoa;

fn with_ledger(dir: &Path) {
    std::fs::create_dir(dir.join("plugins")).unwrap();
    std::fs::copy(guest_file("ledger"), dir.join("plugins/ledger.wasm")).unwrap();
}

async fn seen(host: &Stoa, id: &str) -> Vec<u64> {
    let line = format!("GET /ledger/entries/{id} HTTP/1.1");
    let answer = host.request(&line).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{answer}");
    let entry: Value = serde_json::from_str(body).unwrap();
    let seen = entry["seen"].as_array().unwrap().iter();
    seen.map(|n| n.as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_killed_again_and_again_handles_each_event_once_and_in_order() {
    const KEYS: u64 = 5;
    const ROUNDS: u64 = 3;
    let dir = tempfile::tempdir().unwrap();
    with_ledger(dir.path());
    let (mut told, mut n) = (vec![Vec::new(); KEYS as usize], 0);
    for round in 0..ROUNDS {
        let mut host = Stoa::start(dir.path()).await;
        for _ in 0..4 {
            let events: Vec<Value> = (0..50)
                .map(|_| {
                    let (key, fails) = (n % KEYS, u64::from(n % 23 == 0));
                    told[key as usize].push(n);
                    n += 1;
                    json!({ "key": format!("k{key}"), "n": n - 1, "fails": fails })
                })
                .collect();
            let (status, answer) = host
                .post("/ledger/tell", None, &json!({ "events": events }))
                .await;
            assert_eq!(status, 204, "{answer}");
        }
        // In the middle: some are handled, most are not.
        let enough = 1 + round as usize * 3;
        until("some are handled", async || {
            (seen(&host, "k1").await.len() > enough).then_some(())
        })
        .await;
        host.process.kill().unwrap();
        host.process.wait().unwrap();
    }
    let host = Stoa::start(dir.path()).await;
    for (key, expected) in told.iter().enumerate() {
        let id = format!("k{key}");
        until("all are handled", async || {
            let seen = seen(&host, &id).await;
            assert!(expected.starts_with(&seen), "{id}: {seen:?}");
            (seen.len() == expected.len()).then_some(())
        })
        .await;
    }
}

fn stoa(dir: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_stoa"))
        .args(arguments)
        .env("STOA_DATA__DIR", dir)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_shown_redriven_and_dropped_by_command() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    with_ledger(dir);
    let host = Stoa::start(dir).await;
    let later = 4_000_000_000_000_u64.min(now_ms() + 86_400_000);
    let events = json!({ "events": [{ "key": "k", "n": 1, "at_ms": later }] });
    assert_eq!(host.post("/ledger/tell", None, &events).await.0, 204);
    drop(host);
    let (ok, listed) = stoa(dir, &["events", "list"]);
    assert!(
        ok && listed.contains("ledger.told of k") && listed.contains("due"),
        "{listed}"
    );
    let (ok, dead) = stoa(dir, &["events", "dead"]);
    assert!(ok && dead.is_empty(), "{dead}");
    let (ok, none) = stoa(dir, &["events", "redrive", "nothing"]);
    assert!(!ok && none.contains("no such dead letter"), "{none}");
    assert!(!stoa(dir, &["events", "drop"]).0, "which one?");

    for event in ["A", "B"] {
        bury(dir, event).await;
    }
    let (_, dead) = stoa(dir, &["events", "dead", "--tenant", "default"]);
    assert_eq!(dead.lines().count(), 2, "{dead}");
    assert!(
        dead.contains("A:ledger") && dead.contains("it broke"),
        "{dead}"
    );
    let (ok, dropped) = stoa(dir, &["events", "drop", "B:ledger"]);
    assert!(ok, "{dropped}");
    let (ok, redriven) = stoa(dir, &["events", "redrive", "--all"]);
    assert!(ok && redriven.trim() == "1", "{redriven}");
    let host = Stoa::start(dir).await;
    until("it is handled", async || {
        (seen(&host, "dead").await == [65]).then_some(())
    })
    .await;
    drop(host);
    let (_, dead) = stoa(dir, &["events", "dead"]);
    assert!(dead.is_empty(), "{dead}");
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_millis() as u64
}

/// Puts a dead letter into the database of a host that is stopped.
async fn bury(dir: &Path, id: &str) {
    use std::sync::Arc;
    use stoa_kernel::event::Event;
    use stoa_kernel::id::{CollectionName, TenantId};
    use stoa_kernel::store::{Expiry, Store as _};
    use stoa_runtime::{DeadLetter, DeadLetters};
    use stoa_store::{StoreConfig, SurrealStore};

    let config = StoreConfig {
        url: format!("surrealkv://{}", dir.join("store").display()),
        ..StoreConfig::default()
    };
    let clock = Arc::new(stoa_testkit::FakeClock::default());
    let store = SurrealStore::open(config, clock).await.unwrap();
    DeadLetters::open(store.clone()).await.unwrap();
    let n = u64::from(id.as_bytes()[0]);
    let letter = DeadLetter {
        event: Event {
            id: id.into(),
            tenant: None,
            plugin: "ledger".into(),
            name: "ledger.told".into(),
            key: "dead".into(),
            payload: json!({ "key": "dead", "n": n }).to_string(),
            raised_at: 1,
            due_at: None,
            trace: None,
        },
        subscriber: "ledger".into(),
        attempts: 12,
        reason: "it broke".into(),
        died_at: 2,
        redrive: false,
    };
    let unit = store.begin(&TenantId::default()).await.unwrap();
    let letters = CollectionName::new("host", "dead_letters");
    let body = serde_json::to_value(&letter).unwrap();
    unit.put(&letters, &letter.id(), None, body, Expiry::Never)
        .await
        .unwrap();
    unit.commit().await.unwrap();
    store.shutdown().await;
}
