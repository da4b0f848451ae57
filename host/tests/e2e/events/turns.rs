//! Turns of schedules: once per tenant and time.

use serde_json::json;
use stoa_testkit::{FakeClock, TestHost};

use super::{ledger, of, seen, until, until_seen};

/// When the ledger's next turn is due in a tenant, as its document says.
async fn next_at(host: &TestHost, tenant: &str) -> Option<u64> {
    use stoa_kernel::id::{CollectionName, TenantId};
    use stoa_kernel::store::Store as _;
    let tenant = TenantId::parse(tenant).unwrap();
    let unit = host.store.begin(&tenant).await.unwrap();
    let schedules = CollectionName::new("host", "schedules");
    let found = unit.get(&schedules, "ledger.tick").await.unwrap()?;
    let body: serde_json::Value = serde_json::from_str(&found.body).unwrap();
    body["next_at"].as_u64()
}

async fn until_due(host: &TestHost, tenant: &str, at: u64) {
    until("the next turn is known", async || {
        (next_at(host, tenant).await == Some(at)).then_some(())
    })
    .await;
}

fn at(seconds: u64) -> u64 {
    FakeClock::START + seconds * 1_000
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_come_in_rhythm_and_missed_ones_are_made_up_for_once() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    until_due(&host, "main", at(60)).await;
    assert_eq!(
        seen(&actor, "ticks").await,
        json!([]),
        "the first one is not at once"
    );
    host.clock.advance(60_000);
    until_due(&host, "main", at(120)).await;
    until_seen(&actor, "ticks", &json!([at(60)])).await;
    // Five and a half minutes of silence: one turn, and then the rhythm again.
    host.clock.advance(330_000);
    until_due(&host, "main", at(420)).await;
    until_seen(&actor, "ticks", &json!([at(60), at(120)])).await;
    host.clock.advance(30_000);
    until_seen(&actor, "ticks", &json!([at(60), at(120), at(420)])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_and_is_set_back_keeps_no_turn_waiting() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    until_due(&host, "main", at(60)).await;
    host.clock.advance(20_000_000);
    until_seen(&actor, "ticks", &json!([at(60)])).await;
    until_due(&host, "main", at(20_040)).await;
    host.clock.set_back(20_000_000);
    until_due(&host, "main", at(60)).await;
    host.clock.advance(60_000);
    until_seen(&actor, "ticks", &json!([at(60), at(60)])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_fails_leaves_nothing_and_waits_for_the_next() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    until_due(&host, "main", at(60)).await;
    let broken = "/ledger/entries/broken";
    let _ = actor.put(broken, &json!({})).await.expect(204);
    host.clock.advance(60_000);
    until_due(&host, "main", at(120)).await;
    assert_eq!(seen(&actor, "ticks").await, json!([]));
    let _ = actor.put(broken, &json!(null)).await.expect(204);
    host.clock.advance(60_000);
    until_seen(&actor, "ticks", &json!([at(120)])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_has_its_own_turns_and_two_dispatchers_take_them_once() {
    let host = ledger().await;
    let acme = of(&host, "acme");
    assert_eq!(seen(&acme, "ticks").await, json!([]), "the tenant exists");
    let (_one, _other) = (host.dispatch().await, host.dispatch().await);
    for tenant in ["main", "acme"] {
        until_due(&host, tenant, at(60)).await;
    }
    for turn in 1..=5_u64 {
        host.clock.advance(60_000);
        for tenant in ["main", "acme"] {
            until_due(&host, tenant, at(60 * (turn + 1))).await;
        }
    }
    let expected = json!([at(60), at(120), at(180), at(240), at(300)]);
    until_seen(&acme, "ticks", &expected).await;
    until_seen(&host.anonymous(), "ticks", &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_comes_later_has_its_turns() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    until_due(&host, "main", at(60)).await;
    host.clock.advance(10_000);
    let acme = of(&host, "acme");
    assert_eq!(seen(&acme, "ticks").await, json!([]));
    until_due(&host, "acme", at(70)).await;
    host.clock.advance(60_000);
    until_seen(&acme, "ticks", &json!([at(70)])).await;
}
