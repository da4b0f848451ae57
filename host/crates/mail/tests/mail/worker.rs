//! The worker: when it looks into the queue, and how it stops.

use std::sync::Arc;
use std::time::Duration;

use stoa_kernel::mail::Post as _;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::transport::Scripted;
use crate::support::{Office, code_letter};

/// Less than the worker waits between two looks that nobody asks for.
const AT_ONCE: Duration = Duration::from_secs(3);

/// More than any of this takes.
const AT_ALL: Duration = Duration::from_secs(30);

/// Starts the worker, and waits until it has nothing to do.
async fn start(office: &Office) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel();
    let worker = tokio::spawn(Arc::clone(&office.mailer).run(async {
        let _ = stopped.await;
    }));
    while office.store.looks() == 0 {
        tokio::task::yield_now().await;
    }
    (stop, worker)
}

#[tokio::test]
async fn a_call_sends_what_was_committed_at_once_however_much_it_is() {
    const LETTERS: usize = 50;
    let transport = Scripted::open();
    let office = Office::open(transport.clone()).await;
    let (stop, worker) = start(&office).await;
    for n in 0..LETTERS {
        office
            .post(&code_letter(&format!("ada{n}@b.example")))
            .await;
    }
    office.mailer.wake();
    let sent = timeout(AT_ONCE, transport.sent(LETTERS)).await.unwrap();
    assert_eq!(sent.len(), LETTERS);
    stop.send(()).unwrap();
    timeout(AT_ONCE, worker).await.unwrap().unwrap();
    assert!(office.is_done());
}

#[tokio::test]
async fn without_a_call_letters_are_found_before_long() {
    let transport = Scripted::open();
    let office = Office::open(transport.clone()).await;
    let (_stop, worker) = start(&office).await;
    office.post(&code_letter("ada@b.example")).await;
    assert_eq!(timeout(AT_ALL, transport.sent(1)).await.unwrap().len(), 1);
    worker.abort();
}

#[tokio::test]
async fn a_stop_waits_for_the_letter_on_its_way_and_begins_no_other() {
    let transport = Scripted::closed();
    let office = Office::open(transport.clone()).await;
    let (stop, worker) = start(&office).await;
    office.post(&code_letter("ada@b.example")).await;
    office.mailer.wake();
    transport.asked().await;
    office.post(&code_letter("bob@b.example")).await;
    stop.send(()).unwrap();
    tokio::task::yield_now().await;
    assert!(!worker.is_finished());
    transport.let_through(2);
    timeout(AT_ONCE, worker).await.unwrap().unwrap();
    assert_eq!(transport.only().to().to_string(), "ada@b.example");
    let waiting = office.store.only("letters");
    assert_eq!(waiting["letter"]["to"], "bob@b.example");
    assert_eq!(waiting["tries"], 0);
}
