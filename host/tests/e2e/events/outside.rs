//! Consumers outside get every event, and hold up no plugin while they can't be reached.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;
use stoa_kernel::event::{Event, EventStream};
use stoa_kernel::id::TenantId;

use super::{ledger, tell, until, until_seen, until_settled, waiting};

/// A stream that can be away.
#[derive(Default)]
struct Stream {
    away: AtomicBool,
    got: Mutex<Vec<String>>,
}

#[async_trait]
impl EventStream for Stream {
    async fn append(&self, tenant: &TenantId, events: &[Event]) -> Result<(), String> {
        if self.away.load(Ordering::SeqCst) {
            return Err("it is away".into());
        }
        let mut got = self.got.lock().unwrap();
        got.extend(
            events
                .iter()
                .map(|event| format!("{tenant} {}", event.payload)),
        );
        Ok(())
    }
}

impl Stream {
    fn got(&self) -> usize {
        self.got.lock().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_gets_every_event_in_order_also_after_an_outage() {
    let host = ledger().await;
    let stream = Arc::new(Stream::default());
    let _dispatcher = host.dispatch_to(Vec::new(), Some(stream.clone())).await;
    let actor = host.anonymous();
    tell(&actor, &[json!({ "key": "k", "n": 1, "echo": true })]).await;
    until_settled(&host, "main").await;
    assert_eq!(stream.got(), 2, "what a handler raised, too");

    stream.away.store(true, Ordering::SeqCst);
    let events: Vec<_> = (2..=150).map(|n| json!({ "key": "k", "n": n })).collect();
    for some in events.chunks(50) {
        tell(&actor, some).await;
    }
    let all: Vec<u64> = (1..=150).collect();
    until_seen(&actor, "k", &json!(all)).await;
    assert_eq!(
        waiting(&host, "main").await.len(),
        149,
        "they wait for the stream"
    );
    stream.away.store(false, Ordering::SeqCst);
    until("the stream has all", async || {
        host.clock.advance(30_000);
        (stream.got() >= 151).then_some(())
    })
    .await;
    until_settled(&host, "main").await;
    let got = stream.got.lock().unwrap().clone();
    let numbers: Vec<String> = (2..=150).map(|n| format!("\"n\":{n},")).collect();
    let in_order = got.iter().skip(2).zip(&numbers);
    assert!(
        in_order.clone().all(|(got, n)| got.contains(n.as_str())),
        "{got:?}"
    );
    assert_eq!(got.len(), 151);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_hour_without_the_stream_events_go_without_it() {
    let host = ledger().await;
    let stream = Arc::new(Stream::default());
    stream.away.store(true, Ordering::SeqCst);
    let _dispatcher = host.dispatch_to(Vec::new(), Some(stream.clone())).await;
    let actor = host.anonymous();
    tell(&actor, &[json!({ "key": "k", "n": 1 })]).await;
    until_seen(&actor, "k", &json!([1])).await;
    host.clock.advance(1_800_000);
    tell(&actor, &[json!({ "key": "k", "n": 2 })]).await;
    until_seen(&actor, "k", &json!([1, 2])).await;
    assert_eq!(waiting(&host, "main").await.len(), 2);
    host.clock.advance(1_800_000);
    until("the older one goes", async || {
        (waiting(&host, "main").await.len() == 1).then_some(())
    })
    .await;
    stream.away.store(false, Ordering::SeqCst);
    host.clock.advance(60_000);
    until_settled(&host, "main").await;
    assert_eq!(stream.got(), 1);
}
