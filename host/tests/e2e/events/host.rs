//! Parts of the host raise events for tenants, and handle events beside plugins.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;
use stoa_kernel::error::Problem;
use stoa_kernel::event::{Event, HostSubscriber, Outbox as _};
use stoa_kernel::id::TenantId;
use stoa_kernel::store::Store as _;
use stoa_testkit::{SeededRandom, TestHost};

use super::{ledger, of, tell, until, until_seen, until_settled};

/// Writes down what it hears; fails as often as it is told to.
#[derive(Default)]
struct Clerk {
    heard: Mutex<Vec<String>>,
    fails: AtomicU32,
}

#[async_trait]
impl HostSubscriber for Clerk {
    fn name(&self) -> &'static str {
        "clerk"
    }
    fn events(&self) -> &'static [&'static str] {
        &["ledger.told", "account.closed"]
    }
    async fn handle(&self, tenant: &TenantId, event: &Event) -> Result<(), Problem> {
        let fails = self.fails.load(Ordering::SeqCst);
        if fails > 0 {
            self.fails.store(fails - 1, Ordering::SeqCst);
            return Err(Problem::internal("not now"));
        }
        let text = format!("{tenant} {} of {}", event.name, event.key);
        self.heard.lock().unwrap().push(text);
        Ok(())
    }
}

async fn raise(host: &TestHost, event: Event) {
    let unit = host.store.begin(&TenantId::platform()).await.unwrap();
    unit.raise(event).unwrap();
    unit.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_host_hears_what_plugins_tell_and_again_after_a_failure() {
    let host = ledger().await;
    let clerk = Arc::new(Clerk::default());
    clerk.fails.store(1, Ordering::SeqCst);
    let _dispatcher = host.dispatch_to(vec![clerk.clone()], None).await;
    let actor = host.anonymous();
    tell(&actor, &[json!({ "key": "k", "n": 1 })]).await;
    until_seen(&actor, "k", &json!([1])).await;
    until("the clerk has heard it", async || {
        host.clock.advance(500);
        let heard = clerk.heard.lock().unwrap().clone();
        (heard == ["main ledger.told of k"]).then_some(())
    })
    .await;
    until_settled(&host, "main").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_raises_for_a_tenant_reaches_its_plugins_in_order() {
    let host = ledger().await;
    let clerk = Arc::new(Clerk::default());
    let acme = TenantId::parse("acme").unwrap();
    let random = SeededRandom::new(7);
    let told = |n: u64| {
        let payload = json!({ "key": "k", "n": n });
        Event::of_host(&acme, "ledger.told", "k", &payload, &*host.clock, &random)
    };
    raise(&host, told(1)).await;
    let _dispatcher = host.dispatch_to(vec![clerk.clone()], None).await;
    for n in 2..=20 {
        raise(&host, told(n)).await;
    }
    let expected: Vec<u64> = (1..=20).collect();
    until_seen(&of(&host, "acme"), "k", &json!(expected)).await;
    until_settled(&host, "acme").await;
    assert_eq!(clerk.heard.lock().unwrap().len(), 20);
    assert_eq!(super::seen(&host.anonymous(), "k").await, json!([]));
    let left = host.store.pending(&TenantId::platform(), "", 10).await;
    assert_eq!(left.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_no_tenant_reaches_parts_of_the_host_alone() {
    let host = ledger().await;
    let clerk = Arc::new(Clerk::default());
    let _dispatcher = host.dispatch_to(vec![clerk.clone()], None).await;
    let platform = TenantId::platform();
    let random = SeededRandom::new(7);
    let closed = Event::of_host(
        &platform,
        "account.closed",
        "a1",
        &json!({}),
        &*host.clock,
        &random,
    );
    raise(&host, closed).await;
    until("the clerk has heard it", async || {
        let heard = clerk.heard.lock().unwrap().clone();
        (heard == ["_platform account.closed of a1"]).then_some(())
    })
    .await;
    until("it is settled", async || {
        let left = host.store.pending(&platform, "", 10).await.unwrap();
        left.is_empty().then_some(())
    })
    .await;
}
