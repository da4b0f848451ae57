//! How long a hello takes inside the process, through a fresh and through a reused sandbox:
//! `cargo xtask bench` runs it. Prints one line of JSON per case, in microseconds.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that can't begin ends"
)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;
use stoa_kernel::call::Request;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Principal;
use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::routing::Lookup;
use stoa_testkit::TestHost;

/// Calls before the clock counts: caches and pools are warm then.
const WARM_UP: usize = 2_000;
/// Calls that are measured.
const MEASURED: usize = 20_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let host = TestHost::builder()
        .plugin("hello")
        .plugin("hello-reused")
        .start()
        .await;
    for (case, path) in [
        ("fresh", "/bench/hello/fresh"),
        ("reused", "/bench/hello/reused"),
    ] {
        let mut times = Vec::with_capacity(MEASURED);
        for round in 0..WARM_UP + MEASURED {
            let took = call(&host, path).await;
            if round >= WARM_UP {
                times.push(took);
            }
        }
        times.sort_unstable();
        let at = |share: usize| {
            times
                .get(times.len() * share / 100)
                .copied()
                .unwrap_or_default()
                .as_nanos() as f64
                / 1_000.0
        };
        println!(
            "{}",
            json!({ "case": case, "p50_us": at(50), "p99_us": at(99), "calls": MEASURED })
        );
    }
}

/// One request through the snapshot: route, unit of work, instance, call, drop, commit of nothing.
async fn call(host: &TestHost, path: &str) -> Duration {
    let snapshot = host.runtime.snapshot();
    let request = Request {
        id: "bench".into(),
        address: None,
        tenant: TenantId::parse("main").expect("a tenant's id"),
        principal: Principal::default(),
        params: Vec::new(),
        query: String::new(),
        headers: Vec::new(),
        body: Bytes::new(),
        cause: None,
        idempotency: None,
    };
    let begun = Instant::now();
    let Lookup::Found(route) = snapshot.find("GET", path) else {
        panic!("{path} is not there")
    };
    let response = snapshot.handle(&route, request).await.expect("an answer");
    let took = begun.elapsed();
    assert_eq!(response.status, 200);
    took
}
