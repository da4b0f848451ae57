//! Events and stored answers: written with the rest or not at all.

use serde_json::json;
use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::event::Event;
use stoa_kernel::limits;
use stoa_kernel::store::{CommitError, Expiry, Store, StoreError};

use crate::support::{NOW, both, in_memory, items, thing};

pub fn event(id: &str) -> Event {
    Event {
        id: id.into(),
        tenant: None,
        plugin: "shop".into(),
        name: "item.made".into(),
        key: "k".into(),
        payload: r#"{"a":null}"#.into(),
        raised_at: 0,
        due_at: None,
        trace: None,
    }
}

pub fn answer(expires_at: u64) -> StoredAnswer {
    StoredAnswer {
        fingerprint: "f".into(),
        status: 201,
        headers: vec![("content-type".into(), "application/json".into())],
        body: vec![0, 159, 146, 150],
        expires_at,
    }
}

#[tokio::test]
async fn events_are_read_in_the_order_of_their_commits() {
    for fixture in both().await {
        // Of a commit that was begun earlier and comes later, the events come later as well.
        for id in ["02", "01", "05"] {
            let work = fixture.begin().await;
            work.raise(event(id)).unwrap();
            work.put(&items(), id, None, thing(1), Expiry::Never)
                .await
                .unwrap();
            work.commit().await.unwrap();
        }
        let read = async |after: Option<&str>, limit| {
            fixture
                .store
                .outbox(&fixture.tenant, after, limit)
                .await
                .unwrap()
        };
        assert_eq!(
            read(None, 10).await,
            [event("02"), event("03"), event("05")]
        );
        assert_eq!(read(Some("02"), 1).await, [event("03")]);
        assert_eq!(read(Some("05"), 1).await, []);
    }
}

#[tokio::test]
async fn a_failed_commit_raises_nothing() {
    let fixture = in_memory().await;
    let work = fixture.begin().await;
    work.put(&items(), "a", None, thing(1), Expiry::Never)
        .await
        .unwrap();
    work.raise(event("1")).unwrap();
    work.keep_answer("key", answer(NOW + 10));
    fixture.put(&[("a", thing(2))]).await;
    assert_eq!(work.commit().await, Err(CommitError::Conflict));
    assert_eq!(
        fixture.store.outbox(&fixture.tenant, None, 10).await,
        Ok(vec![])
    );
    assert_eq!(
        fixture.store.stored_answer(&fixture.tenant, "key").await,
        Ok(None)
    );
}

#[tokio::test]
async fn events_are_bounded() {
    let fixture = in_memory().await;
    let work = fixture.begin().await;
    let large = Event {
        payload: "x".repeat(limits::EVENT_BYTES_MAX + 1),
        ..event("1")
    };
    assert!(matches!(work.raise(large), Err(StoreError::Invalid(_))));
    let long = Event {
        key: "x".repeat(limits::EVENT_KEY_BYTES_MAX + 1),
        ..event("1")
    };
    assert!(matches!(work.raise(long), Err(StoreError::Invalid(_))));
    for n in 0..limits::EVENTS_PER_REQUEST_MAX {
        work.raise(event(&format!("{n:03}"))).unwrap();
    }
    assert!(matches!(work.raise(event("z")), Err(StoreError::Limit(_))));
    work.commit().await.unwrap();
    assert_eq!(
        fixture
            .store
            .outbox(&fixture.tenant, None, 1_000)
            .await
            .unwrap()
            .len(),
        limits::EVENTS_PER_REQUEST_MAX
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_commits_with_one_key_exactly_one_happens() {
    for fixture in both().await {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..64_u32 {
            let work = fixture.begin().await;
            tasks.spawn(async move {
                work.create(&items(), &format!("order-{n}"), json!({}), Expiry::Never)
                    .await
                    .unwrap();
                work.keep_answer("key", answer(NOW + 10));
                work.commit().await
            });
        }
        let outcomes = tasks.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let told =
            |outcome: &&Result<(), CommitError>| matches!(outcome, Err(CommitError::Answered));
        assert_eq!(outcomes.iter().filter(told).count(), 63, "{outcomes:?}");
        assert_eq!(fixture.find(&crate::support::all()).await.len(), 1);
        assert_eq!(
            fixture.store.stored_answer(&fixture.tenant, "key").await,
            Ok(Some(answer(NOW + 10)))
        );
    }
}

#[tokio::test]
async fn an_expired_answer_frees_its_key() {
    for fixture in both().await {
        let keep = async |expires_at| {
            let work = fixture.begin().await;
            work.keep_answer("key", answer(expires_at));
            work.commit().await
        };
        keep(NOW + 10).await.unwrap();
        assert_eq!(keep(NOW + 20).await, Err(CommitError::Answered));
        fixture.clock.advance(10);
        assert_eq!(
            fixture.store.stored_answer(&fixture.tenant, "key").await,
            Ok(None)
        );
        keep(NOW + 20).await.unwrap();
        assert_eq!(
            fixture.store.stored_answer(&fixture.tenant, "key").await,
            Ok(Some(answer(NOW + 20)))
        );
    }
}
