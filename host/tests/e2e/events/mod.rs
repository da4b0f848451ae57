//! Events and schedules end to end: raised by requests, handled by plugins, each exactly once.

mod crash;
mod failing;
mod handled;
mod host;
mod later;
mod outside;
mod turns;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stoa_kernel::event::{Outbox as _, Pending};
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_testkit::{Actor, TestHost};

/// A busy machine needs less.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something is so.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "this never happens: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn ledger() -> TestHost {
    TestHost::builder().guest("ledger").start().await
}

/// Somebody of a tenant.
fn of(host: &TestHost, tenant: &str) -> Actor {
    host.account_in(tenant, "ada", Role::User)
}

async fn tell(actor: &Actor, events: &[Value]) {
    let _ = actor
        .post("/ledger/tell", &json!({ "events": events }))
        .await
        .expect(204);
}

async fn seen(actor: &Actor, id: &str) -> Value {
    let entry = actor.get(&format!("/ledger/entries/{id}")).await;
    entry.json_of(200)["seen"].clone()
}

/// Waits until an entry shows this.
async fn until_seen(actor: &Actor, id: &str, expected: &Value) {
    let ask = async || (seen(actor, id).await == *expected).then_some(());
    until(&format!("{id} shows {expected}"), ask).await;
}

async fn waiting(host: &TestHost, tenant: &str) -> Vec<Pending> {
    let tenant = TenantId::parse(tenant).unwrap();
    host.store.pending(&tenant, "", 1_000).await.unwrap()
}

/// Waits until nothing waits any more.
pub async fn until_settled(host: &TestHost, tenant: &str) {
    let ask = async || waiting(host, tenant).await.is_empty().then_some(());
    until("everything is settled", ask).await;
}
