//! The caches never tell what is not so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use serde_json::json;
use stoa_kernel::store::{Expiry, Store};

use crate::support::{Fixture, in_memory, items, only, small, until_committed, with};

#[tokio::test]
async fn a_page_is_asked_for_again_after_a_write() {
    let fixture = in_memory().await;
    let query = only(json!({"ge": ["n", 0]}));
    assert!(fixture.find(&query).await.is_empty());
    fixture.put(&[("a", json!({"n": 1}))]).await;
    assert_eq!(fixture.find(&query).await, ["a"]);
    assert_eq!(fixture.find(&query).await, ["a"]);
    fixture.put(&[("a", json!({"n": -1}))]).await;
    assert!(fixture.find(&query).await.is_empty());
    let work = fixture.begin().await;
    work.put(
        &items(),
        "b",
        None,
        json!({"n": 1}),
        Expiry::At(crate::support::NOW + 5),
    )
    .await
    .unwrap();
    work.commit().await.unwrap();
    assert_eq!(fixture.find(&query).await, ["b"]);
    fixture.clock.advance(5);
    assert!(fixture.find(&query).await.is_empty());
}

/// Readers never see a document go back in time, and always see what was acknowledged before they began.
async fn readers_keep_up(fixture: Fixture) {
    fixture
        .put(&[("hot", json!({"n": 0})), ("cold", json!({"n": 0}))])
        .await;
    let acknowledged = Arc::new(AtomicI64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = tokio::task::JoinSet::new();
    for reader in 0..4 {
        let (store, tenant) = (fixture.store.clone(), fixture.tenant.clone());
        let (acknowledged, done) = (acknowledged.clone(), done.clone());
        readers.spawn(async move {
            let mut reads = 0;
            while !done.load(Ordering::SeqCst) || reads == 0 {
                let before = acknowledged.load(Ordering::SeqCst);
                let work = store.begin(&tenant).await.unwrap();
                let n = if reader % 2 == 0 {
                    let body = work.get(&items(), "hot").await.unwrap().unwrap().body;
                    serde_json::from_str::<serde_json::Value>(&body).unwrap()["n"]
                        .as_i64()
                        .unwrap()
                } else {
                    let page = work
                        .query(&items(), &only(json!({"eq": ["id", "hot"]})))
                        .await
                        .unwrap();
                    serde_json::from_str::<serde_json::Value>(&page.items[0].body).unwrap()["n"]
                        .as_i64()
                        .unwrap()
                };
                assert!(n >= before, "{n} was read after {before} was acknowledged");
                reads += 1;
            }
            reads
        });
    }
    for n in 1..=150 {
        let add = until_committed(&fixture.store, &fixture.tenant, async |work| {
            work.increment(&items(), "hot", "n", 1).await
        });
        assert_eq!(add.await.unwrap(), n);
        acknowledged.store(n, Ordering::SeqCst);
    }
    done.store(true, Ordering::SeqCst);
    assert!(
        readers
            .join_all()
            .await
            .into_iter()
            .all(|reads: u64| reads > 0)
    );
    assert_eq!(fixture.get("hot").await, Some(json!({"n": 150})));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_keep_up_with_writers() {
    readers_keep_up(in_memory().await).await;
}

/// A cache with room for next to nothing: entries come and go all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_keep_up_with_writers_and_evictions() {
    let mut config = small("mem://".into());
    config.document_cache_bytes_max = 600;
    config.query_cache_entries_max = 1;
    readers_keep_up(with(config, None).await).await;
}
