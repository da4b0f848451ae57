//! How many events a second a plugin handles: raised before the clock starts, over keys that don't wait for each
//! other, and over one that makes each wait for the one before. Prints one line of JSON per case.
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
    for (case, events, keys) in [("keys", 5_000, 500), ("one_key", 1_000, 1)] {
        let host = TestHost::builder().guest("ledger").start().await;
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
        let took = begun.elapsed();
        let per_second = events as f64 / took.as_secs_f64();
        println!(
            "{}",
            json!({ "case": case, "events": events, "keys": keys, "per_second": per_second.round() })
        );
    }
}
