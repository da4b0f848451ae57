//! Versions come and go a thousand times under load, and nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use stoa_kernel::deployment::{Deployer as _, Deployment, Scope};
use stoa_testkit::{Actor, TestHost, repack};

use crate::deployed::{deployment, version};

/// Deployments of other versions.
const DEPLOYS: usize = 1_000;

/// Deployments of the version that served before.
const ROLLBACKS: usize = 100;

/// Those who ask all the time.
const CLIENTS: usize = 3;

/// Bytes that the process may grow by while versions come and go: what allocators and caches keep. One version that
/// stays costs more than a thousandth of it.
const GROWTH_BYTES_MAX: u64 = 64 << 20;

/// How long versions may take to end after the last request.
const END_MAX: Duration = Duration::from_secs(10);

/// A version whose number is in its code's settings and in its manifest's, where a mix of both would show.
fn numbered(number: usize) -> Vec<u8> {
    let number = format!("0.1.{number}");
    let told = version("toucher", "version", &number);
    repack(&told, |package| package.manifest.version = number)
}

/// What one request is served by: the answer's setting.
async fn ask(actor: &Actor) -> String {
    let told = actor.get("/calm").await.json_of(200);
    told["version"].as_str().unwrap().to_owned()
}

/// Bytes of memory of this process.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() * 1_024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_versions_come_and_go_and_no_request_is_lost() {
    let host = Arc::new(TestHost::builder().start().await);
    let mut versions: Vec<Deployment> = Vec::new();
    for number in 0..4 {
        versions.push(deployment(&host, Scope::Deployment, numbered(number)).await);
    }
    host.runtime.deploy(versions[0].clone()).await.unwrap();

    let (stop, served) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (host, stop, served) = (Arc::clone(&host), Arc::clone(&stop), Arc::clone(&served));
            tokio::spawn(async move {
                let actor = host.anonymous();
                while !stop.load(Ordering::Relaxed) {
                    let told = ask(&actor).await;
                    assert!(told.starts_with("0.1."), "{told}");
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let (mut now, mut before) = (0, 0);
    let mut resident = 0;
    for step in 0..DEPLOYS + ROLLBACKS {
        let is_rollback = step % (DEPLOYS / ROLLBACKS + 1) == 1;
        let next = if is_rollback {
            before
        } else {
            (0..versions.len())
                .find(|number| *number != now && *number != before)
                .unwrap()
        };
        host.runtime.deploy(versions[next].clone()).await.unwrap();
        (before, now) = (now, next);
        // What a client that begins now is served by is the new one.
        if step % 50 == 0 {
            assert_eq!(ask(&host.anonymous()).await, format!("0.1.{next}"));
        }
        if step == DEPLOYS / 5 {
            resident = resident_bytes();
        }
    }
    let grown = resident_bytes().saturating_sub(resident);
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let served = served.load(Ordering::Relaxed);
    assert!(served > DEPLOYS as u64, "the load was no load: {served}");
    assert!(grown < GROWTH_BYTES_MAX, "{grown} bytes more");

    // The one that serves, and the one that would come back for it.
    let begun = Instant::now();
    while host.runtime.revisions_alive() > 2 {
        assert!(
            begun.elapsed() < END_MAX,
            "{}",
            host.runtime.revisions_alive()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
