//! Outboxes as the dispatcher uses them: marks, settling, delayed events, handing over.

use std::sync::{Arc, Mutex};

use stoa_kernel::clock::Millis;
use stoa_kernel::event::{Event, Outbox, OutboxListener, Pending, Promoted};
use stoa_kernel::id::TenantId;
use stoa_kernel::store::{CommitError, Expiry, Store, StoreError};
use stoa_store::Mishap;

use crate::events::event;
use crate::support::{Fixture, NOW, all, both, in_memory, items, thing};

async fn raise(fixture: &Fixture, event: Event) {
    let work = fixture.begin().await;
    work.raise(event).unwrap();
    work.commit().await.unwrap();
}

async fn pending(fixture: &Fixture) -> Vec<Pending> {
    fixture
        .store
        .pending(&fixture.tenant, "", 10)
        .await
        .unwrap()
}

/// Handles an event and writes a document of its name.
async fn handle(fixture: &Fixture, event: &str, subscriber: &str) -> Result<(), CommitError> {
    let work = fixture.begin().await;
    let id = format!("{event}-{subscriber}");
    work.put(&items(), &id, None, thing(1), Expiry::Never)
        .await
        .unwrap();
    work.handled(event, subscriber);
    work.commit().await
}

#[tokio::test]
async fn a_subscriber_handles_an_event_once() {
    for fixture in both().await {
        raise(&fixture, event("1")).await;
        handle(&fixture, "1", "a").await.unwrap();
        assert_eq!(handle(&fixture, "1", "a").await, Err(CommitError::Answered));
        handle(&fixture, "1", "b").await.unwrap();
        let waiting = pending(&fixture).await;
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].handled, ["a", "b"]);
        assert_eq!(waiting[0].event, event("1"));
    }
}

#[tokio::test]
async fn a_failed_commit_marks_nothing() {
    let fixture = in_memory().await;
    raise(&fixture, event("1")).await;
    let work = fixture.begin().await;
    work.put(&items(), "x", None, thing(1), Expiry::Never)
        .await
        .unwrap();
    work.handled("1", "a");
    fixture.put(&[("x", thing(2))]).await;
    assert_eq!(work.commit().await, Err(CommitError::Conflict));
    assert_eq!(pending(&fixture).await[0].handled, Vec::<String>::new());
    handle(&fixture, "1", "a").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_handle_at_once_one_does() {
    for fixture in both().await {
        raise(&fixture, event("1")).await;
        let fixture = Arc::new(fixture);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..32 {
            let fixture = Arc::clone(&fixture);
            tasks.spawn(async move {
                let work = fixture.begin().await;
                let id = n.to_string();
                work.put(&items(), &id, None, thing(1), Expiry::Never)
                    .await
                    .unwrap();
                work.handled("1", "a");
                work.commit().await
            });
        }
        let outcomes = tasks.join_all().await;
        let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!((done, fixture.find(&all()).await.len()), (1, 1));
    }
}

#[tokio::test]
async fn what_is_settled_can_not_be_handled_by_whoever_read_it_before() {
    for fixture in both().await {
        raise(&fixture, event("1")).await;
        raise(&fixture, event("2")).await;
        handle(&fixture, "1", "a").await.unwrap();
        let read = pending(&fixture).await;
        let first = fixture.store.settle(&fixture.tenant, &read[..1]);
        first.await.unwrap();
        for late in ["a", "b"] {
            assert_eq!(
                handle(&fixture, "1", late).await,
                Err(CommitError::Answered)
            );
        }
        assert_eq!(fixture.find(&all()).await.len(), 1);
        let left = pending(&fixture).await;
        assert_eq!((left.len(), left[0].event.id.as_str()), (1, "2"));
        // The mark is gone with the event: the same id could be marked again.
        raise(&fixture, event("3")).await;
        fixture
            .store
            .settle(&fixture.tenant, &read[..1])
            .await
            .unwrap();
    }
}

fn later(id: &str, due_at: Millis) -> Event {
    event(id).due(due_at)
}

#[tokio::test]
async fn an_event_for_later_waits_for_its_time() {
    for fixture in both().await {
        raise(&fixture, later("1", NOW + 20)).await;
        raise(&fixture, later("2", NOW + 10)).await;
        raise(&fixture, later("3", NOW)).await;
        let store = &fixture.store;
        let ids = |events: Vec<Pending>| {
            let ids = events.into_iter().map(|pending| pending.event.id);
            ids.collect::<Vec<String>>()
        };
        assert_eq!(ids(pending(&fixture).await), ["3"], "it is due already");
        let delayed = store.delayed(&fixture.tenant, 10).await.unwrap();
        assert_eq!(delayed, [later("2", NOW + 10), later("1", NOW + 20)]);
        let promote = async |now| store.promote(&fixture.tenant, now).await.unwrap();
        let nothing = promote(NOW + 9).await;
        assert_eq!((nothing.first, nothing.next_due_at), (None, Some(NOW + 10)));
        let one = promote(NOW + 10).await;
        assert_eq!(one.first.as_deref(), Some("2"));
        assert_eq!(one.next_due_at, Some(NOW + 20));
        assert_eq!(ids(pending(&fixture).await), ["2", "3"]);
        let other = promote(NOW + 99).await;
        assert_eq!(other.first.as_deref(), Some("1"));
        assert_eq!(other.next_due_at, None);
        assert_eq!(promote(NOW + 99).await, Promoted::default());
        assert_eq!(ids(pending(&fixture).await), ["1", "2", "3"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_promote_at_once_one_does() {
    for fixture in both().await {
        for n in 0..20 {
            raise(&fixture, later(&format!("{n:02}"), NOW + 1)).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (store, tenant) = (Arc::clone(&fixture.store), fixture.tenant.clone());
            tasks.spawn(async move {
                let promoted = store.promote(&tenant, NOW + 1).await.unwrap();
                // Handled and gone at once: whoever moves an event again brings it back.
                let read = store.pending(&tenant, "", 100).await.unwrap();
                store.settle(&tenant, &read).await.unwrap();
                promoted.first.is_some()
            });
        }
        let moved = tasks.join_all().await;
        assert_eq!(moved.into_iter().filter(|moved| *moved).count(), 1);
        assert_eq!(pending(&fixture).await, []);
    }
}

#[tokio::test]
async fn what_the_platform_raises_for_a_tenant_arrives_once() {
    for fixture in both().await {
        let (store, platform) = (&fixture.store, TenantId::platform());
        let raised = Event {
            tenant: Some(fixture.tenant.clone()),
            ..event("1")
        };
        assert!(matches!(
            fixture.begin().await.raise(raised.clone()),
            Err(StoreError::Invalid(_))
        ));
        let work = store.begin(&platform).await.unwrap();
        work.raise(raised.clone()).unwrap();
        work.commit().await.unwrap();
        let read = store.pending(&platform, "", 10).await.unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].event, raised);

        store.hand_over(&read[0].event).await.unwrap();
        store.settle(&platform, &read).await.unwrap();
        assert_eq!(store.pending(&platform, "", 10).await.unwrap(), []);
        let arrived = pending(&fixture).await;
        assert_eq!(arrived.len(), 1);
        assert_eq!(arrived[0].event, event("1"));
        store.settle(&fixture.tenant, &arrived).await.unwrap();
        // Another one who read it in time comes late.
        store.hand_over(&read[0].event).await.unwrap();
        assert_eq!(pending(&fixture).await, []);
        fixture.clock.advance(2 * 86_400_000);
        assert_eq!(store.sweep().await.unwrap(), 1, "the note of its arrival");
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl OutboxListener for Heard {
    fn raised(&self, tenant: &TenantId, first: Option<&str>, due_at: Option<Millis>) {
        let text = format!("{tenant} {first:?} {due_at:?}");
        self.0.lock().unwrap().push(text);
    }
    fn opened(&self, tenant: &TenantId) {
        self.0.lock().unwrap().push(format!("{tenant} opened"));
    }
}

#[tokio::test]
async fn whoever_listens_hears_of_commits_that_raise() {
    let fixture = in_memory().await;
    let heard = Arc::new(Heard::default());
    fixture.store.listen(heard.clone());
    raise(&fixture, event("1")).await;
    fixture.put(&[("a", thing(1))]).await;
    let work = fixture.begin().await;
    work.raise(event("2")).unwrap();
    work.raise(later("3", NOW + 7)).unwrap();
    work.commit().await.unwrap();
    let dropped = fixture.begin().await;
    dropped.raise(event("4")).unwrap();
    drop(dropped);
    assert_eq!(
        *heard.0.lock().unwrap(),
        [
            "acme opened".to_owned(),
            "acme Some(\"1\") None".to_owned(),
            format!("acme Some(\"2\") Some({})", NOW + 7)
        ]
    );
}

/// The engine says nothing of a move that it has made: whoever delivers hears of it all the same, by then or when it
/// is tried again.
#[tokio::test]
async fn whoever_listens_hears_of_what_has_moved_in_silence() {
    let fixture = in_memory().await;
    let (store, platform) = (&fixture.store, TenantId::platform());
    raise(&fixture, later("1", NOW + 7)).await;
    let work = store.begin(&platform).await.unwrap();
    let to_acme = Event {
        tenant: Some(fixture.tenant.clone()),
        ..event("2")
    };
    work.raise(to_acme.clone()).unwrap();
    work.commit().await.unwrap();
    let heard = Arc::new(Heard::default());
    store.listen(heard.clone());

    store.mishaps().arm(Mishap::Lost, 1);
    let promoted = store.promote(&fixture.tenant, NOW + 7).await;
    assert!(
        matches!(promoted, Err(StoreError::Unavailable(_))),
        "{promoted:?}"
    );
    let again = store.promote(&fixture.tenant, NOW + 7).await.unwrap();
    assert_eq!(again, Promoted::default(), "it has moved");
    store.mishaps().arm(Mishap::Lost, 1);
    let brought = store.hand_over(&to_acme).await;
    assert!(
        matches!(brought, Err(StoreError::Unavailable(_))),
        "{brought:?}"
    );
    store.hand_over(&to_acme).await.unwrap();
    let told = ["acme Some(\"1\") None", "acme Some(\"2\") None"];
    assert_eq!(*heard.0.lock().unwrap(), told);
    assert_eq!(pending(&fixture).await.len(), 2);
}
