//! How many events a second a plugin handles: raised before the clock starts, over keys that don't wait for each
//! other, and over one that makes each wait for the one before; in memory, and on a disk where each commit is synced.
//! Prints one line of JSON per case.
#![expect(clippy::expect_used, reason = "a measurement that can't begin ends")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stoa_kernel::id::TenantId;
use stoa_kernel::store::Store as _;
use stoa_testkit::TestHost;

/// Events of one request.
const PER_REQUEST: usize = 100;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    for (case, events, keys) in [("keys", 5_000, 500), ("one_key", 1_000, 1)] {
        for store in ["memory", "disk"] {
            let builder = TestHost::builder().guest("ledger");
            let builder = match store {
                "memory" => builder,
                _ => builder.on_disk(&folder.path().join(case)),
            };
            let per_second = handled_per_second(&builder.start().await, events, keys).await;
            let result = json!({
                "case": case, "store": store, "events": events, "keys": keys, "per_second": per_second.round(),
            });
            println!("{result}");
        }
    }
}

async fn handled_per_second(host: &TestHost, events: usize, keys: usize) -> f64 {
    let tenant = TenantId::parse("main").expect("a tenant's id");
    for first in (0..events).step_by(PER_REQUEST) {
        let told: Vec<Value> = (first..first + PER_REQUEST)
            .map(|n| json!({ "key": format!("k{}", n % keys), "n": n }))
            .collect();
        let _ = host
            .anonymous()
            .post("/ledger/tell", &json!({ "events": told }))
            .await
            .expect(204);
    }
    let begun = Instant::now();
    let _dispatcher = host.dispatch().await;
    let left = async || host.store.outbox(&tenant, None, 1).await.expect("events");
    while !left().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    events as f64 / begun.elapsed().as_secs_f64()
}
