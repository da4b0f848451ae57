//! Many requests at once: nothing is lost, nothing is sold twice, nothing slips between a check and a write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use stoa_kernel::limits::READS_PER_REQUEST_MAX;
use stoa_kernel::store::{CommitError, Expiry, Store, StoreError, UnitOfWork};

use crate::support::{Fixture, all, both, in_memory, items, uncached, until_committed};

async fn number(fixture: &Fixture, id: &str, field: &str) -> i64 {
    fixture
        .get(id)
        .await
        .and_then(|document| document[field].as_i64())
        .unwrap()
}

async fn three() -> Vec<Fixture> {
    let mut fixtures: Vec<Fixture> = both().await.into();
    fixtures.push(uncached().await);
    fixtures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_increment_is_lost() {
    const TASKS: i64 = 16;
    const EACH: i64 = 12;
    for fixture in three().await {
        fixture.put(&[("counter", json!({"n": 0}))]).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..TASKS {
            let (store, tenant) = (fixture.store.clone(), fixture.tenant.clone());
            tasks.spawn(async move {
                for _ in 0..EACH {
                    until_committed(&store, &tenant, async |work| {
                        work.increment(&items(), "counter", "n", 1).await
                    })
                    .await
                    .unwrap();
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(number(&fixture, "counter", "n").await, TASKS * EACH);
        assert_eq!(
            fixture.version("counter").await,
            Some(1 + (TASKS * EACH).unsigned_abs())
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_buyers_get_one_hundred_pieces() {
    for fixture in both().await {
        fixture.put(&[("watch", json!({"stock": 100}))]).await;
        let sold = Arc::new(AtomicU32::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let (store, tenant, sold) =
                (fixture.store.clone(), fixture.tenant.clone(), sold.clone());
            tasks.spawn(async move {
                let take = until_committed(&store, &tenant, async |work| {
                    work.take_if_at_least(&items(), "watch", "stock", 1).await
                });
                if take.await.unwrap().is_some() {
                    sold.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(sold.load(Ordering::SeqCst), 100);
        assert_eq!(number(&fixture, "watch", "stock").await, 0);
    }
}

/// Two doctors, each may leave only while the other stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_only_read_is_relied_on() {
    for fixture in three().await {
        for _ in 0..20 {
            fixture
                .put(&[
                    ("a", json!({"on_call": true})),
                    ("b", json!({"on_call": true})),
                ])
                .await;
            let leave = async |id: &str, other: &str| {
                let work = fixture.begin().await;
                let colleague = work.get(&items(), other).await.unwrap().unwrap();
                if colleague.body.contains("true") {
                    work.put(&items(), id, None, json!({"on_call": false}), Expiry::Never)
                        .await
                        .unwrap();
                }
                work
            };
            let (first, second) = (leave("a", "b").await, leave("b", "a").await);
            let (first, second) = tokio::join!(first.commit(), second.commit());
            assert!(first.is_err() || second.is_err(), "both left");
            let still_there: Vec<Value> = vec![
                fixture.get("a").await.unwrap(),
                fixture.get("b").await.unwrap(),
            ];
            assert!(still_there.contains(&json!({"on_call": true})));
        }
    }
}

#[tokio::test]
async fn absence_is_relied_on_too() {
    for fixture in three().await {
        let work = fixture.begin().await;
        assert_eq!(work.get(&items(), "ghost").await, Ok(None));
        work.put(&items(), "other", None, json!({}), Expiry::Never)
            .await
            .unwrap();
        fixture.put(&[("ghost", json!({}))]).await;
        assert_eq!(work.commit().await, Err(CommitError::Conflict));
        assert_eq!(fixture.get("other").await, None);
    }
}

#[tokio::test]
async fn a_document_made_anew_is_another_one() {
    for fixture in three().await {
        fixture.put(&[("a", json!({"n": 1}))]).await;
        let work = fixture.begin().await;
        work.increment(&items(), "a", "n", 1).await.unwrap();
        let other = fixture.begin().await;
        other.delete(&items(), "a").await.unwrap();
        other.commit().await.unwrap();
        fixture.put(&[("a", json!({"n": 100}))]).await;
        // Its version is 1 again, yet it is not what was read.
        assert_eq!(fixture.version("a").await, Some(1));
        assert_eq!(work.commit().await, Err(CommitError::Conflict));
        assert_eq!(fixture.get("a").await, Some(json!({"n": 100})));
    }
}

#[tokio::test]
async fn every_kind_of_overlap_is_a_conflict() {
    for fixture in three().await {
        fixture
            .put(&[("a", json!({"n": 1})), ("b", json!({"n": 1}))])
            .await;
        let (create, update, delete, queried) = (
            fixture.begin().await,
            fixture.begin().await,
            fixture.begin().await,
            fixture.begin().await,
        );
        create
            .create(&items(), "new", json!({}), Expiry::Never)
            .await
            .unwrap();
        update
            .put(&items(), "a", None, json!({"n": 2}), Expiry::Never)
            .await
            .unwrap();
        delete.delete(&items(), "b").await.unwrap();
        queried
            .query(&items(), &crate::support::all())
            .await
            .unwrap();
        fixture
            .put(&[
                ("new", json!({})),
                ("a", json!({"n": 9})),
                ("b", json!({"n": 9})),
            ])
            .await;
        queried
            .put(&items(), "a", None, json!({"n": 3}), Expiry::Never)
            .await
            .unwrap();
        for work in [create, update, delete, queried] {
            assert_eq!(work.commit().await, Err(CommitError::Conflict));
        }
        assert_eq!(number(&fixture, "a", "n").await, 9);
        assert_eq!(number(&fixture, "b", "n").await, 9);
    }
}

#[tokio::test]
async fn reading_alone_never_conflicts_and_a_second_commit_does_nothing() {
    let fixture = in_memory().await;
    fixture.put(&[("a", json!({"n": 1}))]).await;
    let reader = fixture.begin().await;
    reader.get(&items(), "a").await.unwrap();
    fixture.put(&[("a", json!({"n": 2}))]).await;
    assert_eq!(reader.commit().await, Ok(()));

    let writer = fixture.begin().await;
    writer.increment(&items(), "a", "n", 1).await.unwrap();
    writer.commit().await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(fixture.get("a").await, Some(json!({"n": 3})));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_that_goes_away_leaves_no_half_of_a_commit() {
    let fixture = in_memory().await;
    for round in 0..30 {
        let work = fixture.begin().await;
        for id in ["a", "b", "c"] {
            work.put(&items(), id, None, json!({"round": round}), Expiry::Never)
                .await
                .unwrap();
        }
        let mut committing = Box::pin(work.commit());
        // One poll begins the commit; then its caller is gone.
        let _ = futures_poll(committing.as_mut());
        drop(committing);
        // Whoever commits has seen the documents as they were at one moment.
        let seen = until_committed(&fixture.store, &fixture.tenant, async |work| {
            let mut seen = Vec::new();
            for id in ["a", "b", "c"] {
                let document = work.get(&items(), id).await?;
                seen.push(document.map(|document| document.body));
            }
            let body = json!({"round": round});
            work.put(&items(), "d", None, body, Expiry::Never).await?;
            Ok(seen)
        })
        .await
        .unwrap();
        assert!(seen.iter().all(|body| *body == seen[0]), "{seen:?}");
    }
}

fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn money_moves_but_is_never_made() {
    const ACCOUNTS: usize = 5;
    let fixture = in_memory().await;
    for n in 0..ACCOUNTS {
        fixture
            .put(&[(&format!("account-{n}"), json!({"minor": 1_000}))])
            .await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..10_usize {
        let (store, tenant) = (fixture.store.clone(), fixture.tenant.clone());
        tasks.spawn(async move {
            for step in 0..8_usize {
                let (from, to) = (
                    (task + step) % ACCOUNTS,
                    (task * 3 + step * 2 + 1) % ACCOUNTS,
                );
                let (from, to) = (format!("account-{from}"), format!("account-{to}"));
                let transfer = until_committed(&store, &tenant, async |work| {
                    if work
                        .take_if_at_least(&items(), &from, "minor", 70)
                        .await?
                        .is_some()
                    {
                        work.increment(&items(), &to, "minor", 70).await?;
                    }
                    Ok(())
                });
                transfer.await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let sum = stoa_kernel::query::Aggregate {
        filter: None,
        group_by: vec![],
        compute: vec![stoa_kernel::query::Compute::parse("sum:minor").unwrap()],
        limit: 1,
    };
    let rows = fixture
        .begin()
        .await
        .aggregate(&items(), &sum)
        .await
        .unwrap();
    assert_eq!(rows, [json!({"sum:minor": 1_000 * ACCOUNTS})]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tenant_is_opened_once_by_many() {
    for fixture in both().await {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..40_u32 {
            let (store, tenant) = (fixture.store.clone(), format!("new-{}", n % 5));
            tasks.spawn(async move {
                let tenant = stoa_kernel::id::TenantId::parse(&tenant).unwrap();
                let work = store.begin(&tenant).await.unwrap();
                work.put(&items(), &n.to_string(), None, json!({}), Expiry::Never)
                    .await
                    .unwrap();
                work.commit().await.unwrap();
            });
        }
        tasks.join_all().await;
        assert_eq!(fixture.store.tenants().await.unwrap().len(), 5);
    }
}

/// "It is there" is no answer for a request that was told before that it is not: it has to run again.
#[tokio::test]
async fn what_was_absent_when_it_was_read_is_a_conflict_and_not_a_refusal() {
    for fixture in three().await {
        let begin = async || fixture.store.begin(&fixture.tenant).await.unwrap();
        let create = async |work: &dyn UnitOfWork| {
            let body = json!({"n": 1});
            work.create(&items(), "once", body, Expiry::Never).await
        };
        let (first, second, third) = (begin().await, begin().await, begin().await);
        for reader in [&first, &second] {
            assert_eq!(reader.get(&items(), "once").await.unwrap(), None);
        }
        create(&*first).await.unwrap();
        first.commit().await.unwrap();
        create(&*second).await.unwrap();
        assert_eq!(second.commit().await, Err(CommitError::Conflict));
        assert_eq!(create(&*third).await, Err(StoreError::AlreadyExists));
    }
}

/// What meets before the engine is committed together, but nobody fails for another.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_refused_takes_nobody_along() {
    const COMMITS: usize = 64;
    for fixture in both().await {
        for round in 0..4 {
            let mut tasks = tokio::task::JoinSet::new();
            let begun = Arc::new(tokio::sync::Barrier::new(COMMITS));
            for number in 0..COMMITS {
                let (work, begun) = (fixture.begin().await, Arc::clone(&begun));
                tasks.spawn(async move {
                    let slug = match number % 8 {
                        0 => format!("wanted-{round}"),
                        _ => format!("{round}-{number}"),
                    };
                    let id = format!("doc-{round}-{number}");
                    let document = json!({"slug": slug});
                    work.create(&items(), &id, document, Expiry::Never)
                        .await
                        .unwrap();
                    begun.wait().await;
                    (number, id, work.commit().await)
                });
            }
            let outcomes = tasks.join_all().await;
            let mut have_it = 0;
            for (number, id, outcome) in outcomes {
                let is_there = fixture.get(&id).await.is_some();
                assert_eq!(is_there, outcome.is_ok(), "{id}: {outcome:?}");
                match number % 8 {
                    0 => {
                        have_it += u32::from(is_there);
                        assert!(
                            is_there || outcome == Err(CommitError::Conflict),
                            "{outcome:?}"
                        );
                    }
                    _ => assert!(is_there, "{id}: {outcome:?}"),
                }
            }
            assert_eq!(have_it, 1);
        }
    }
}

/// What lies beyond what a request remembers can't be checked when it commits.
#[tokio::test]
async fn who_has_seen_more_than_is_remembered_changes_only_what_was_read_by_id() {
    const DOCUMENTS: usize = READS_PER_REQUEST_MAX + 1;
    const AT_ONCE: usize = 500;
    let fixture = in_memory().await;
    let names: Vec<String> = (0..DOCUMENTS).map(|n| format!("d{n:05}")).collect();
    for some in names.chunks(AT_ONCE) {
        let documents: Vec<_> = some
            .iter()
            .map(|id| (id.as_str(), json!({"n": 0})))
            .collect();
        fixture.put(&documents).await;
    }
    let work = fixture.begin().await;
    let mut query = all();
    loop {
        let page = work.query(&items(), &query).await.unwrap();
        let Some(cursor) = page.next_cursor else {
            break;
        };
        query.cursor = Some(cursor);
    }
    fixture
        .put(&[("d00000", json!({"n": 1})), ("d05000", json!({"n": 1}))])
        .await;
    let put = async |id: &str| {
        let body = json!({"n": 9});
        work.put(&items(), id, None, body, Expiry::Never).await
    };
    assert!(matches!(put("d05000").await, Err(StoreError::Limit(_))));
    work.get(&items(), "d05000").await.unwrap().unwrap();
    put("d05000").await.unwrap();
    work.create(&items(), "new", json!({"n": 0}), Expiry::Never)
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert_eq!(number(&fixture, "d05000", "n").await, 9);

    let work = fixture.begin().await;
    work.query(&items(), &all()).await.unwrap();
    fixture.put(&[("d00000", json!({"n": 2}))]).await;
    let body = json!({"n": 9});
    work.put(&items(), "d00000", None, body, Expiry::Never)
        .await
        .unwrap();
    assert!(matches!(work.commit().await, Err(CommitError::Conflict)));
}
