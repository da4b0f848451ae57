//! The queue of mail over the real store.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::mail::{Letter, Post as _};
use stoa_kernel::query::Query;
use stoa_kernel::store::Store as _;
use stoa_mail::{DEAD_KEPT_MS, FileOutbox, Mailer, Ports, RETRY_MS_MAX, Sender};
use stoa_testkit::{SeededRandom, TestHost};

/// A mailer on the host's store that writes into `folder`; `seed` keeps the ids of two of them apart.
async fn mailer(host: &TestHost, folder: &Path, seed: u64) -> (Arc<Mailer>, FileOutbox) {
    let outbox = FileOutbox::open(folder).unwrap();
    let ports = Ports {
        store: host.store.clone(),
        clock: host.clock.clone(),
        random: Arc::new(SeededRandom::new(seed)),
    };
    let sender = Sender::parse("no-reply@shop.example").unwrap();
    let mailer = Mailer::open(ports, Arc::new(outbox.clone()), sender)
        .await
        .unwrap();
    (mailer, outbox)
}

async fn post(host: &TestHost, mailer: &Mailer, to: &str) {
    let unit = host.store.begin(&TenantId::platform()).await.unwrap();
    let letter = Letter {
        to: to.into(),
        template: "one-time-code".into(),
        values: json!({"code": "012345", "minutes": 10}),
    };
    mailer.enqueue(&*unit, &letter).await.unwrap();
    unit.commit().await.unwrap();
}

/// Who has a letter in the outbox, the newest first.
async fn recipients(outbox: &FileOutbox) -> Vec<String> {
    let kept = outbox.list(usize::MAX).await.unwrap();
    kept.into_iter().map(|kept| kept.message.to).collect()
}

/// The bodies of one of the mailer's collections.
async fn bodies(host: &TestHost, collection: &str) -> Vec<Value> {
    let unit = host.store.begin(&TenantId::platform()).await.unwrap();
    let query = Query {
        limit: 100,
        ..Query::default()
    };
    let collection = CollectionName::new("mail", collection);
    let page = unit.query(&collection, &query).await.unwrap();
    let items = page.items.iter();
    items
        .map(|document| serde_json::from_str(&document.body).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_failed_make_room_for_those_that_are_due() {
    const LETTERS: usize = 20;
    let host = TestHost::builder().start().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("mail");
    let (mailer, outbox) = mailer(&host, &folder, 1).await;
    for n in 0..LETTERS {
        host.clock.advance(1);
        post(&host, &mailer, &format!("ada{n}@b.example")).await;
    }
    fs::remove_dir(&folder).unwrap();
    let failed = mailer.tick().await;
    assert!((1..LETTERS).contains(&failed), "{failed}");
    fs::create_dir(&folder).unwrap();
    while mailer.tick().await > 0 {}
    let sent = recipients(&outbox).await;
    assert_eq!(sent.len(), LETTERS - failed);
    assert!(!sent.contains(&"ada0@b.example".to_owned()), "{sent:?}");
    assert_eq!(bodies(&host, "letters").await.len(), failed);

    host.clock.advance(RETRY_MS_MAX);
    while mailer.tick().await > 0 {}
    assert_eq!(recipients(&outbox).await.len(), LETTERS);
    assert!(bodies(&host, "letters").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_mailers_one_sends_each_letter() {
    const LETTERS: usize = 40;
    let host = TestHost::builder().start().await;
    let folder = tempfile::tempdir().unwrap();
    let (first, outbox) = mailer(&host, &folder.path().join("a"), 1).await;
    let (second, other) = mailer(&host, &folder.path().join("b"), 2).await;
    for n in 0..LETTERS {
        post(&host, &first, &format!("ada{n}@b.example")).await;
    }
    while !bodies(&host, "letters").await.is_empty() {
        tokio::join!(first.tick(), second.tick());
    }
    let mut sent = recipients(&outbox).await;
    sent.extend(recipients(&other).await);
    assert_eq!(sent.len(), LETTERS);
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), LETTERS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_forgets_what_it_said_and_is_swept_after_a_month() {
    let host = TestHost::builder().start().await;
    let folder = tempfile::tempdir().unwrap();
    let (mailer, _) = mailer(&host, folder.path(), 1).await;
    post(&host, &mailer, "nobody").await;
    assert_eq!(mailer.tick().await, 1);
    assert!(bodies(&host, "letters").await.is_empty());
    let dead = bodies(&host, "dead").await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0]["reason"], "not an e-mail address");
    assert!(!dead[0].to_string().contains("012345"), "{dead:?}");

    host.clock.advance(DEAD_KEPT_MS + 1);
    assert!(bodies(&host, "dead").await.is_empty());
    assert!(host.store.sweep().await.unwrap() >= 1);
}
