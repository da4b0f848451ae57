//! What fails is tried again, later and later, and given up in the end; its key waits, others don't.

use serde_json::json;
use stoa_kernel::id::TenantId;
use stoa_testkit::{TestHost, guest_file};

use super::{ledger, of, seen, tell, until, until_seen, until_settled, waiting};

/// How often the ledger's deliveries have failed, as its record says.
async fn failures(host: &TestHost) -> u64 {
    failures_in(host, "main").await
}

async fn failures_in(host: &TestHost, tenant: &str) -> u64 {
    use stoa_kernel::id::CollectionName;
    use stoa_kernel::query::Query;
    use stoa_kernel::store::Store as _;
    let tenant = TenantId::parse(tenant).unwrap();
    let unit = host.store.begin(&tenant).await.unwrap();
    let records = CollectionName::new("host", "event_failures");
    let query = Query {
        limit: 10,
        ..Query::default()
    };
    let page = unit.query(&records, &query).await.unwrap();
    let body = |item: &stoa_kernel::store::Document| {
        let body: serde_json::Value = serde_json::from_str(&item.body).unwrap();
        body["failed"].as_u64().unwrap()
    };
    page.items.first().map_or(0, body)
}

async fn until_failed(host: &TestHost, times: u64) {
    until("the failure is written down", async || {
        (failures(host).await == times).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_waits_for_what_fails_and_others_go_on() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    tell(
        &actor,
        &[
            json!({ "key": "bad", "n": 1, "fails": 2 }),
            json!({ "key": "bad", "n": 2 }),
            json!({ "key": "good", "n": 3 }),
        ],
    )
    .await;
    until_failed(&host, 1).await;
    until_seen(&actor, "good", &json!([3])).await;
    assert_eq!(
        seen(&actor, "bad").await,
        json!([]),
        "a failure leaves nothing"
    );

    // The first pause is a second and at most a quarter more, the next one twice that.
    host.clock.advance(999);
    tell(&actor, &[json!({ "key": "good", "n": 4 })]).await;
    until_seen(&actor, "good", &json!([3, 4])).await;
    assert_eq!(failures(&host).await, 1, "it is too early");
    host.clock.advance(252);
    until_failed(&host, 2).await;
    host.clock.advance(1_999);
    tell(&actor, &[json!({ "key": "good", "n": 5 })]).await;
    until_seen(&actor, "good", &json!([3, 4, 5])).await;
    assert_eq!(seen(&actor, "bad").await, json!([]), "it is too early");
    host.clock.advance(502);
    until_seen(&actor, "bad", &json!([1, 2])).await;
    until_settled(&host, "main").await;
    assert_eq!(failures(&host).await, 0, "its record is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_is_a_failure_like_any_other() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    tell(
        &actor,
        &[json!({ "key": "k", "n": 1, "fails": 1, "traps": true })],
    )
    .await;
    until_failed(&host, 1).await;
    host.clock.advance(1_250);
    until_seen(&actor, "k", &json!([1])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_comes_again_when_the_clock_is_set_back() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    tell(&actor, &[json!({ "key": "k", "n": 1, "fails": 1 })]).await;
    until_failed(&host, 1).await;
    host.clock.set_back(3_600_000);
    until_seen(&actor, "k", &json!([1])).await;
}

/// More than are looked at together.
const TENANTS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_before_a_start_is_looked_at_however_many_tenants_wait_for_a_time_to_come() {
    let host = ledger().await;
    let tenants: Vec<String> = (0..TENANTS).map(|n| format!("tenant-{n}")).collect();
    for tenant in &tenants {
        let broken = json!({ "key": "bad", "n": 1, "fails": 2 });
        tell(
            &of(&host, tenant),
            &[broken, json!({ "key": "good", "n": 2 })],
        )
        .await;
    }
    let _dispatcher = host.dispatch().await;
    for tenant in &tenants {
        until("it was tried", async || {
            (failures_in(&host, tenant).await == 1).then_some(())
        })
        .await;
        until_seen(&of(&host, tenant), "good", &json!([2])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_does_not_overtake_what_waited_before_a_start() {
    let host = ledger().await;
    let tenants: Vec<String> = (0..TENANTS).map(|n| format!("tenant-{n}")).collect();
    for tenant in &tenants {
        tell(&of(&host, tenant), &[json!({ "key": "k", "n": 1 })]).await;
    }
    let _dispatcher = host.dispatch().await;
    // The last one has not been looked at yet.
    for tenant in tenants.iter().rev() {
        tell(&of(&host, tenant), &[json!({ "key": "k", "n": 2 })]).await;
    }
    for tenant in &tenants {
        until_seen(&of(&host, tenant), "k", &json!([1, 2])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_to_be_redriven_waits_for_its_plugin() {
    let host = ledger().await;
    let (actor, tenant) = (host.anonymous(), TenantId::parse("main").unwrap());
    let broken = "/ledger/entries/broken";
    let dispatcher = host.dispatch().await;
    let _ = actor.put(broken, &json!({})).await.expect(204);
    tell(&actor, &[json!({ "key": "k", "n": 1, "fragile": true })]).await;
    let letters = dispatcher.letters();
    let letter = until("it is given up", async || {
        host.clock.advance(60_000);
        let (dead, _) = letters.page(&tenant, None, 10).await.unwrap();
        dead.into_iter().next()
    })
    .await;
    let _ = actor.put(broken, &json!(null)).await.expect(204);
    until_settled(&host, "main").await;

    host.uninstall("ledger").await;
    dispatcher.redrive(&tenant, &letter.id()).await.unwrap();
    // A pump that has nothing to do ends at once, and remembers nothing.
    dispatcher.stop().await;
    let _second = host.dispatch().await;
    let ledger = std::fs::read(guest_file("ledger")).unwrap();
    host.install("ledger", &ledger).await.unwrap();
    until_seen(&actor, "k", &json!([1])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_remembered_over_a_restart() {
    let host = ledger().await;
    let first = host.dispatch().await;
    let actor = host.anonymous();
    tell(&actor, &[json!({ "key": "k", "n": 1, "fails": 2 })]).await;
    until_failed(&host, 1).await;
    first.stop().await;
    drop(first);
    // A start is a reason to try again at once; that it has failed before still counts.
    let _second = host.dispatch().await;
    until_failed(&host, 2).await;
    host.clock.advance(2_500);
    until_seen(&actor, "k", &json!([1])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_succeeds_is_given_up_and_can_be_redriven() {
    let host = ledger().await;
    let dispatcher = host.dispatch().await;
    let (actor, tenant) = (host.anonymous(), TenantId::parse("main").unwrap());
    let broken = "/ledger/entries/broken";
    let _ = actor.put(broken, &json!({})).await.expect(204);
    tell(
        &actor,
        &[
            json!({ "key": "k", "n": 1, "fragile": true }),
            json!({ "key": "k", "n": 2 }),
        ],
    )
    .await;
    let letters = dispatcher.letters();
    let letter = until("it is given up", async || {
        host.clock.advance(60_000);
        let (dead, _) = letters.page(&tenant, None, 10).await.unwrap();
        dead.into_iter().next()
    })
    .await;
    assert_eq!(
        (letter.attempts, letter.subscriber.as_str()),
        (12, "ledger")
    );
    assert!(letter.reason.contains("told-to-fail"), "{}", letter.reason);
    assert_eq!(letter.event.key, "k");
    until_seen(&actor, "k", &json!([2])).await;
    until_settled(&host, "main").await;
    assert_eq!(failures(&host).await, 0);

    // Once more, while it is still broken: it is dead again.
    dispatcher.redrive(&tenant, &letter.id()).await.unwrap();
    until("it has failed once more", async || {
        let (dead, _) = letters.page(&tenant, None, 10).await.unwrap();
        (dead[0].attempts == 13 && !dead[0].redrive).then_some(())
    })
    .await;
    assert_eq!(seen(&actor, "k").await, json!([2]));

    let _ = actor.put(broken, &json!(null)).await.expect(204);
    dispatcher.redrive(&tenant, &letter.id()).await.unwrap();
    until_seen(&actor, "k", &json!([2, 1])).await;
    until("the letter is gone", async || {
        let (dead, _) = letters.page(&tenant, None, 10).await.unwrap();
        dead.is_empty().then_some(())
    })
    .await;
    assert!(dispatcher.redrive(&tenant, &letter.id()).await.is_err());
    assert_eq!(waiting(&host, "main").await, []);
}
