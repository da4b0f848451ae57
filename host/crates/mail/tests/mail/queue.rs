//! What becomes of a letter in the queue.

use std::sync::Arc;

use serde_json::json;
use stoa_kernel::id::TenantId;
use stoa_kernel::mail::{Letter, Post as _};
use stoa_kernel::store::{Expiry, Store as _, StoreError};
use stoa_mail::{DEAD_KEPT_MS, FIRST_RETRY_MS, GIVE_UP_MS, LEASE_MS, RETRY_MS_MAX, SendError};

use crate::support::transport::Scripted;
use crate::support::{CODE, Office, code_letter};

const TO: &str = "ada@b.example";

#[tokio::test]
async fn a_letter_leaves_if_and_only_if_its_unit_commits() {
    let transport = Scripted::open();
    let office = Office::open(transport.clone()).await;
    let unit = office.store.begin(&TenantId::platform()).await.unwrap();
    office
        .mailer
        .enqueue(&*unit, &code_letter(TO))
        .await
        .unwrap();
    assert_eq!(office.mailer.tick().await, 0);
    assert!(transport.ids().is_empty());

    unit.commit().await.unwrap();
    assert_eq!(office.mailer.tick().await, 1);
    let message = transport.only();
    assert_eq!(message.to().to_string(), TO);
    assert!(message.text().contains(CODE) && message.html().contains(CODE));
    assert!(office.is_done());

    let dropped = office.store.begin(&TenantId::platform()).await.unwrap();
    office
        .mailer
        .enqueue(&*dropped, &code_letter(TO))
        .await
        .unwrap();
    drop(dropped);
    assert_eq!(office.mailer.tick().await, 0);
    assert_eq!(transport.ids().len(), 1);
}

#[tokio::test]
async fn a_letter_is_tried_again_later_and_later_until_it_is_sent() {
    let failures = (1..=4).map(|n| SendError::temporary(format!("failure {n}")));
    let transport = Scripted::failing(failures);
    let office = Office::open(transport.clone()).await;
    office.post_and_try(&code_letter(TO)).await;
    for n in 1..=4_u32 {
        assert_eq!(office.reason_to_wait(), format!("failure {n}"));
        let (pause, base) = (office.advance_and_try().await, FIRST_RETRY_MS << (n - 1));
        assert!((base..base + base / 4).contains(&pause), "{n}: {pause}");
    }
    assert!(office.is_done());
    transport.only();
}

#[tokio::test]
async fn a_server_that_asks_for_time_gets_it() {
    let busy = SendError {
        retry_after_ms: Some(120_000),
        ..SendError::temporary("busy")
    };
    let office = Office::open(Scripted::failing([busy])).await;
    office.post_and_try(&code_letter(TO)).await;
    assert!(office.advance_and_try().await >= 120_000);
    assert!(office.is_done());
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_dead_at_once_and_forgets_what_it_said() {
    let office = Office::open(Scripted::failing([SendError::permanent("no such user")])).await;
    office.post_and_try(&code_letter(TO)).await;
    assert_eq!(office.reason_of_death(), "no such user");
    let dead = office.store.only("dead");
    assert_eq!(dead["to"], TO);
    assert_eq!(dead["template"], "one-time-code");
    assert_eq!(dead["tries"], 1);
    assert!(!dead.to_string().contains(CODE), "{dead}");
    assert_eq!(
        office.store.only_expiry("dead"),
        Expiry::At(Office::START + DEAD_KEPT_MS)
    );
    office.advance(GIVE_UP_MS);
    assert_eq!(office.mailer.tick().await, 0);
}

#[tokio::test]
async fn after_a_day_a_letter_is_given_up() {
    let failures = std::iter::repeat_n(SendError::temporary("down"), 1_000);
    let office = Office::open(Scripted::failing(failures)).await;
    office.post_and_try(&code_letter(TO)).await;
    let (mut waited, mut tries) = (0, 1);
    while office.store.all("dead").is_empty() {
        let pause = office.advance_and_try().await;
        assert!(pause < RETRY_MS_MAX + RETRY_MS_MAX / 4, "{pause}");
        waited += pause;
        tries += 1;
    }
    assert_eq!(office.reason_of_death(), "down");
    assert!(
        waited <= GIVE_UP_MS && waited > GIVE_UP_MS - 2 * RETRY_MS_MAX,
        "{waited}"
    );
    assert!((25..40).contains(&tries), "{tries}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_hosts_one_sends_each_letter() {
    const LETTERS: usize = 60;
    let transport = Scripted::open();
    let first = Office::open(transport.clone()).await;
    for n in 0..LETTERS {
        first.post(&code_letter(&format!("ada{n}@b.example"))).await;
    }
    let mut hosts = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let host = first.second(Arc::new(transport.clone())).await;
        hosts.spawn(async move {
            while !host.is_done() {
                host.mailer.tick().await;
                tokio::task::yield_now().await;
            }
        });
    }
    hosts.join_all().await;
    let mut ids = transport.ids();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), transport.ids().len()), (LETTERS, LETTERS));
}

#[tokio::test]
async fn a_letter_outlives_the_host_that_was_sending_it() {
    let hanging = Scripted::closed();
    let crashing = Office::open(hanging.clone()).await;
    crashing.post(&code_letter(TO)).await;
    let mailer = Arc::clone(&crashing.mailer);
    let sending = tokio::spawn(async move { mailer.tick().await });
    hanging.asked().await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());

    let transport = Scripted::open();
    let host = crashing.second(Arc::new(transport.clone())).await;
    host.advance(LEASE_MS - 1);
    assert_eq!(host.mailer.tick().await, 0, "the lease has not ended");
    host.advance(1);
    assert_eq!(host.mailer.tick().await, 1);
    assert!(host.is_done());
    transport.only();
}

#[tokio::test]
async fn a_host_whose_lease_ended_leaves_the_letter_to_the_next() {
    for late in [SendError::permanent("late"), SendError::temporary("late")] {
        let slow = Scripted::closed();
        slow.fail_next(late);
        let office = Office::open(slow.clone()).await;
        office.post(&code_letter(TO)).await;
        let mailer = Arc::clone(&office.mailer);
        let sending = tokio::spawn(async move { mailer.tick().await });
        slow.asked().await;

        office.advance(LEASE_MS);
        let busy = Scripted::failing([SendError::temporary("busy")]);
        let other = office.second(Arc::new(busy)).await;
        assert_eq!(other.mailer.tick().await, 1);
        let waiting = office.store.only("letters");

        slow.let_through(1);
        assert_eq!(sending.await.unwrap(), 1);
        assert_eq!(office.store.only("letters"), waiting);
        assert_eq!(office.reason_to_wait(), "busy");
    }
}

#[tokio::test]
async fn a_letter_that_was_sent_and_not_forgotten_comes_again_under_the_same_id() {
    let transport = Scripted::open();
    let office = Office::open(transport.clone()).await;
    office.post(&code_letter(TO)).await;
    office.store.fail_commit(1);
    assert_eq!(office.mailer.tick().await, 1);
    assert_eq!(office.store.all("letters").len(), 1);
    office.advance(LEASE_MS);
    assert_eq!(office.mailer.tick().await, 1);
    assert!(office.is_done());
    let ids = transport.ids();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids.first(), ids.last());
}

#[tokio::test]
async fn what_can_t_be_read_is_put_aside_and_the_rest_goes_on() {
    let transport = Scripted::open();
    let office = Office::open(transport.clone()).await;
    for n in 0..20 {
        let body = json!({"letter": {"values": CODE}});
        office
            .store
            .plant("letters", &format!("unreadable{n}"), body);
    }
    office.post(&code_letter(TO)).await;
    for _ in 0..4 {
        office.mailer.tick().await;
    }
    transport.only();
    assert!(office.store.all("letters").is_empty());
    let dead = office.store.all("dead");
    assert_eq!(dead.len(), 20);
    assert!(dead.values().all(|dead| dead["reason"] == "unreadable"));
    assert!(!format!("{dead:?}").contains(CODE));
}

#[tokio::test]
async fn a_letter_that_can_never_be_written_is_refused_where_it_is_asked_for() {
    let office = Office::open(Scripted::open()).await;
    let unit = office.store.begin(&TenantId::platform()).await.unwrap();
    for (template, values) in [
        ("newsletter", json!({"code": CODE})),
        ("one-time-code", json!({"code": CODE})),
        ("one-time-code", json!(null)),
    ] {
        let letter = Letter {
            to: TO.into(),
            template: template.into(),
            values,
        };
        let refused = office.mailer.enqueue(&*unit, &letter).await;
        let Err(StoreError::Invalid(reason)) = refused else {
            panic!("{refused:?}")
        };
        assert!(
            reason.contains(template) && !reason.contains(CODE),
            "{reason}"
        );
    }
    unit.commit().await.unwrap();
    assert!(office.is_done());
}

#[tokio::test]
async fn an_address_that_is_more_than_one_address_gets_nothing() {
    for to in [
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example,c@d.example",
        "",
    ] {
        let transport = Scripted::open();
        let office = Office::open(transport.clone()).await;
        office.post_and_try(&code_letter(to)).await;
        assert_eq!(office.reason_of_death(), "not an e-mail address");
        assert!(transport.ids().is_empty());
    }
}
