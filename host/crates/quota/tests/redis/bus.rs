//! What hosts tell each other of those who listen.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use stoa_kernel::id::TenantId;
use stoa_kernel::live::{BusEar, LiveBus, Message, Push, Signal};
use stoa_kernel::status::Part;
use stoa_quota::{RedisBus, RedisConfig};
use tokio::sync::Notify;

use crate::PATIENCE;
use crate::server::Server;

/// Writes down what it hears.
#[derive(Default)]
struct Ear {
    heard: Mutex<Vec<Signal>>,
    /// How often it was told that it may have missed something.
    lost: Mutex<u32>,
    news: Notify,
}

impl BusEar for Ear {
    fn hear(&self, signal: Signal) {
        self.heard.lock().unwrap().push(signal);
        self.news.notify_one();
    }

    fn lost_some(&self) {
        *self.lost.lock().unwrap() += 1;
        self.news.notify_one();
    }
}

impl Ear {
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !is_so(self) {
                self.news.notified().await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "never: {what}; {:?}", self.heard.lock());
    }

    fn heard(&self) -> Vec<Signal> {
        self.heard.lock().unwrap().clone()
    }
}

async fn host(server: &Server, origin: &str) -> (RedisBus, Arc<Ear>) {
    let config = RedisConfig::new(server.url(), "test:live:");
    let ear = Arc::new(Ear::default());
    let bus = RedisBus::start(&config, origin.into(), ear.clone()).unwrap();
    until_whole(&bus, true).await;
    (bus, ear)
}

/// Waits until `/health` would say so.
async fn until_whole(bus: &RedisBus, is_whole: bool) {
    let deadline = Instant::now() + PATIENCE;
    while bus.status().detail.is_none() != is_whole {
        assert!(bus.status().ready, "a host without its Redis serves");
        assert!(Instant::now() < deadline, "{:?}", bus.status());
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

fn said(n: u64) -> Arc<Signal> {
    let message = Message {
        channel: "chat/r1".into(),
        event: "said".into(),
        payload: format!("{{\"n\":{n},\"ä\":\"\\\"\"}}").into(),
        number: Some(n),
    };
    let tenant = TenantId::parse("acme").unwrap();
    Arc::new(Signal::Pushed(tenant, vec![Push::Say(Arc::new(message))]))
}

#[tokio::test]
async fn the_others_hear_everything_in_order_and_nobody_hears_himself() {
    let server = Server::start();
    let (a, ear_a) = host(&server, "a").await;
    let (b, ear_b) = host(&server, "b").await;
    let expected: Vec<Signal> = (1..=300).map(|n| (*said(n)).clone()).collect();
    for signal in &expected {
        a.tell(Arc::new(signal.clone()));
    }
    let all = "all signals";
    ear_b.until(all, |ear| ear.heard().len() == 300).await;
    assert_eq!(ear_b.heard(), expected);
    b.tell(Arc::new(Signal::SessionEnded("s1".into())));
    b.tell(Arc::new(Signal::AccountEnded(None, "ada".into())));
    ear_a.until(all, |ear| ear.heard().len() == 2).await;
    let ends = [
        Signal::SessionEnded("s1".into()),
        Signal::AccountEnded(None, "ada".into()),
    ];
    assert_eq!(ear_a.heard(), ends, "and none of its own words");
}

#[tokio::test]
async fn after_an_outage_the_hosts_find_each_other_again() {
    let mut server = Server::start();
    let (a, _) = host(&server, "a").await;
    let (b, ear) = host(&server, "b").await;
    assert_eq!(
        *ear.lost.lock().unwrap(),
        1,
        "it may have missed what was before it"
    );
    server.kill();
    until_whole(&b, false).await;
    a.tell(said(1));
    server.revive();
    ear.until("it looks again", |ear| *ear.lost.lock().unwrap() == 2)
        .await;
    // What a connection that was lost without a word should have carried may be lost with it; then it is made again.
    let is_back = |ear: &Ear| !ear.heard().is_empty();
    let mut n = 2;
    while !is_back(&ear) {
        until_whole(&a, true).await;
        a.tell(said(n));
        n += 1;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert!(n < 1_000, "it never comes back");
    }
    let ended = Signal::SessionEnded("s1".into());
    a.tell(Arc::new(ended.clone()));
    let is_told = |ear: &Ear| ear.heard().contains(&ended);
    ear.until("the end of a session", is_told).await;
}

#[tokio::test]
async fn the_first_word_of_a_host_that_was_silent_in_an_outage_is_heard() {
    let mut server = Server::start();
    let (a, _) = host(&server, "a").await;
    let (b, ear) = host(&server, "b").await;
    server.kill();
    for bus in [&a, &b] {
        until_whole(bus, false).await;
    }
    server.revive();
    for bus in [&a, &b] {
        until_whole(bus, true).await;
    }
    a.tell(said(1));
    let first = (*said(1)).clone();
    let is_heard = |ear: &Ear| ear.heard().contains(&first);
    ear.until("the first word", is_heard).await;
}

#[tokio::test]
async fn a_redis_that_is_not_there_holds_up_nobody() {
    let config = RedisConfig::new("redis://127.0.0.1:1", "test:live:");
    let bus = RedisBus::start(&config, "a".into(), Arc::new(Ear::default())).unwrap();
    for n in 0..1_000 {
        bus.tell(said(n));
    }
    let status = bus.status();
    assert!(status.ready && status.detail.is_some(), "{status:?}");
    assert_eq!(status.part, "live-bus");
}
