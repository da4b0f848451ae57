//! What was committed is there when the store is opened again.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;
use stoa_kernel::store::{Expiry, Store};
use stoa_store::SyncPolicy;
use tempfile::TempDir;

use crate::support::{all, items, small, with};

#[tokio::test]
async fn a_store_on_disk_remembers() {
    let directory = TempDir::new().unwrap();
    let mut config = small(format!(
        "surrealkv://{}",
        directory.path().join("db").display()
    ));
    config.sync = SyncPolicy::Every;
    let document = json!({"text": "ü\u{0}", "none": null, "list": [1, null, {"[]": 2}], "float": 5.0, "[x": {"y": null}});
    let fixture = with(config, Some(directory)).await;
    fixture.put(&[("a", document.clone())]).await;
    let work = fixture.begin().await;
    work.put(&items(), "b", None, json!({"slug": "s"}), Expiry::Never)
        .await
        .unwrap();
    work.raise(crate::events::event("1")).unwrap();
    work.commit().await.unwrap();
    drop(work);
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.get("a").await, Some(document));
    assert_eq!(fixture.find(&all()).await, ["a", "b"]);
    assert_eq!(
        fixture
            .store
            .outbox(&fixture.tenant, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        fixture.store.tenants().await.unwrap(),
        std::slice::from_ref(&fixture.tenant)
    );
    let work = fixture.begin().await;
    assert_eq!(
        work.put(&items(), "b", Some(1), json!({}), Expiry::Never)
            .await,
        Ok(2)
    );
    work.commit().await.unwrap();
    fixture.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_an_error() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "no directory").unwrap();
    let clock = crate::support::in_memory().await.clock;
    let opened =
        stoa_store::SurrealStore::open(small(format!("surrealkv://{}", file.display())), clock)
            .await;
    assert!(opened.is_err());
}

/// The directory of the database that the process to be killed writes to.
const VICTIM_DIRECTORY: &str = "STOA_TEST_VICTIM_DIRECTORY";

/// The name of the test that kills.
const THIS_TEST: &str = "durability::a_killed_process_loses_nothing_that_was_acknowledged";

/// Commits without end and tells what was acknowledged.
async fn commit_until_killed(directory: &str) {
    let mut config = small(format!("surrealkv://{directory}"));
    config.sync = SyncPolicy::Every;
    let fixture = with(config, None).await;
    for n in 0..u64::MAX {
        fixture
            .put(&[
                (&format!("{n:06}"), json!({"n": n})),
                ("last", json!({"n": n})),
            ])
            .await;
        eprintln!("acknowledged {n}");
    }
}

/// Starts itself again as the process to be killed.
#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_acknowledged() {
    const COMMITS: u64 = 60;
    if let Ok(directory) = std::env::var(VICTIM_DIRECTORY) {
        return commit_until_killed(&directory).await;
    }
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("db");
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", THIS_TEST, "--nocapture"])
        .env(VICTIM_DIRECTORY, &path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = None;
    for line in BufReader::new(victim.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        acknowledged = line
            .strip_prefix("acknowledged ")
            .map(|n| n.parse::<u64>().unwrap())
            .or(acknowledged);
        if acknowledged == Some(COMMITS) {
            victim.kill().unwrap();
        }
    }
    victim.wait().unwrap();
    let acknowledged = acknowledged.unwrap();
    assert!(acknowledged >= COMMITS);
    let fixture = with(small(format!("surrealkv://{}", path.display())), None).await;
    for n in 0..=acknowledged {
        assert_eq!(fixture.get(&format!("{n:06}")).await, Some(json!({"n": n})));
    }
    // The commit that was under way is there as a whole or not at all.
    let last = fixture.get("last").await.unwrap()["n"].as_u64().unwrap();
    assert!(last == acknowledged || last == acknowledged + 1);
    assert!(fixture.get(&format!("{last:06}")).await.is_some());
    assert_eq!(fixture.get(&format!("{:06}", last + 1)).await, None);
}
