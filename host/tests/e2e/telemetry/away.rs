//! A collector that is away, comes back, or hangs: requests never notice.

use std::time::{Duration, Instant};

use stoa_testkit::Collector;

use super::metrics::stop;
use super::{Watched, folder, host};

/// More than a request takes on a busy machine, and less than a collector is given.
const QUICK: Duration = Duration::from_secs(4);

/// More than it takes to give a message up.
const WAITS: Duration = Duration::from_secs(60);

/// What is counted under a name, whatever its labels.
async fn counted(host: &crate::process::Stoa, name: &str) -> f64 {
    let shown = host.request("GET /metrics HTTP/1.1").await.unwrap();
    let lines = shown.lines().filter(|line| line.starts_with(name));
    let values = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
    values.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_dies_in_the_middle_costs_a_metric_and_nothing_else() {
    let mut watched = Watched::start(&["toucher"]).await;
    watched.ask("GET /touch/log", None, "").await;
    watched.request("GET /touch/{what}").await;
    let port = watched.collector.port();
    drop(std::mem::replace(
        &mut watched.collector,
        Collector::start().await,
    ));
    let waits_until = Instant::now() + WAITS;
    while counted(&watched.host, "telemetry_failed_total").await == 0.0 {
        assert!(Instant::now() < waits_until, "nothing was given up");
        let begun = Instant::now();
        watched.ask("GET /touch/log", None, "").await;
        assert!(begun.elapsed() < QUICK, "{:?}", begun.elapsed());
    }
    watched.collector = Collector::start_on(port).await;
    watched.ask("GET /calm", None, "").await;
    watched.request("GET /calm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_holds_up_no_request_and_no_stop() {
    let (dir, collector) = (folder(&["toucher"]), Collector::start_hanging().await);
    let mut host = host(dir.path(), &collector, &[]).await;
    collector.told("message", |_| true).await;
    for _ in 0..20 {
        let begun = Instant::now();
        let (status, said) = host.ask("GET /touch/log", &[], "").await.unwrap();
        assert_eq!(status, 200, "{said}");
        assert!(begun.elapsed() < QUICK, "{:?}", begun.elapsed());
    }
    let begun = Instant::now();
    stop(&mut host);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}
