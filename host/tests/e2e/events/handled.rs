//! What is raised is handled: once, in order, by whom it concerns.

use std::sync::Arc;

use serde_json::{Value, json};
use stoa_kernel::store::Store as _;
use stoa_testkit::{TestHost, guest_file, repack};

use super::{ledger, of, seen, tell, until, until_seen, until_settled, waiting};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_handled_once_and_leaves_nothing_behind() {
    let host = ledger().await;
    let actor = host.anonymous();
    tell(&actor, &[json!({ "key": "k", "n": 1 })]).await;
    assert_eq!(
        waiting(&host, "main").await.len(),
        1,
        "it waits for a dispatcher"
    );
    let _dispatcher = host.dispatch().await;
    until_seen(&actor, "k", &json!([1])).await;
    tell(&actor, &[json!({ "key": "k", "n": 2 })]).await;
    until_seen(&actor, "k", &json!([1, 2])).await;
    until_settled(&host, "main").await;
    assert_eq!(seen(&actor, "k").await, json!([1, 2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_raises_is_handled_too() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    tell(&actor, &[json!({ "key": "k", "n": 7, "echo": true })]).await;
    until_seen(&actor, "echoes", &json!([7])).await;
    until_settled(&host, "main").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_of_a_refused_request_is_never_delivered() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    let refused = json!({ "events": [{ "key": "k", "n": 1 }], "refuse": true });
    let _ = actor.post("/ledger/tell", &refused).await.expect(409);
    tell(&actor, &[json!({ "key": "k", "n": 2 })]).await;
    until_seen(&actor, "k", &json!([2])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_hear_of_their_own_events_alone() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let (acme, other) = (of(&host, "acme"), of(&host, "other"));
    tell(&acme, &[json!({ "key": "k", "n": 1 })]).await;
    tell(&other, &[json!({ "key": "k", "n": 2 })]).await;
    until_seen(&acme, "k", &json!([1])).await;
    until_seen(&other, "k", &json!([2])).await;
    assert_eq!(seen(&host.anonymous(), "k").await, json!([]));
}

/// The ledger under another name, which hears what the first one tells.
fn listener(name: &str) -> Vec<u8> {
    repack(&std::fs::read(guest_file("ledger")).unwrap(), |package| {
        let manifest = &mut package.manifest;
        manifest.name = name.into();
        manifest.schedules.clear();
        for route in &mut manifest.routes {
            route.path = route.path.replace("/ledger/", &format!("/{name}/"));
        }
    })
}

async fn heard_by(host: &TestHost, name: &str) -> Value {
    let entry = host.anonymous().get(&format!("/{name}/entries/k")).await;
    entry.json_of(200)["seen"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subscriber_gets_an_event_and_one_that_is_away_finds_it_later() {
    let host = TestHost::builder()
        .guest("ledger")
        .with("second", listener("second"))
        .start()
        .await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    tell(&actor, &[json!({ "key": "k", "n": 1 })]).await;
    until("both have it", async || {
        (heard_by(&host, "second").await == json!([1])).then_some(())
    })
    .await;
    until_settled(&host, "main").await;

    host.uninstall("second").await;
    tell(&actor, &[json!({ "key": "k", "n": 2 })]).await;
    until_seen(&actor, "k", &json!([1, 2])).await;
    let kept = until("it waits for the one that is away", async || {
        let kept = waiting(&host, "main").await;
        kept.first()
            .is_some_and(|pending| pending.handled == ["ledger"])
            .then_some(kept)
    })
    .await;
    assert_eq!(kept.len(), 1);
    host.install("second", &listener("second")).await.unwrap();
    until("it is back", async || {
        (heard_by(&host, "second").await == json!([1, 2])).then_some(())
    })
    .await;
    until_settled(&host, "main").await;
    assert_eq!(
        seen(&actor, "k").await,
        json!([1, 2]),
        "the others are not asked again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_raised_after_a_plugin_was_loaded_reaches_it() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    for round in 0..5 {
        let name = format!("late-{round}");
        host.install(&name, &listener(&name)).await.unwrap();
        tell(&actor, &[json!({ "key": "k", "n": round })]).await;
        until("the new one has it", async || {
            (heard_by(&host, &name).await == json!([round])).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_in_the_middle_loses_nothing() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    let bytes = std::fs::read(guest_file("ledger")).unwrap();
    let mut expected = Vec::new();
    for round in 0..6_u32 {
        let events: Vec<Value> = (0..20)
            .map(|n| json!({ "key": "k", "n": round * 20 + n }))
            .collect();
        expected.extend(events.iter().map(|event| event["n"].clone()));
        tell(&actor, &events).await;
        let next = repack(&bytes, |package| {
            package.manifest.version = format!("0.2.{round}");
        });
        if round % 2 == 0 {
            host.uninstall("ledger").await;
        }
        host.install("ledger", &next).await.unwrap();
    }
    let expected = Value::Array(expected);
    until("all are handled", async || {
        // What met no plugin is tried again a little later.
        host.clock.advance(1_000);
        (seen(&actor, "k").await == expected).then_some(())
    })
    .await;
    until_settled(&host, "main").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_dispatchers_over_one_store_handle_each_event_once() {
    let host = ledger().await;
    let actor = host.anonymous();
    let mut expected = Vec::new();
    for round in 0..10 {
        let events: Vec<Value> = (0..20)
            .map(|n| json!({ "key": format!("k{}", n % 4), "n": round * 20 + n }))
            .collect();
        tell(&actor, &events).await;
        expected.extend(events);
    }
    let (one, other) = (host.dispatch().await, host.dispatch().await);
    for key in ["k0", "k1", "k2", "k3"] {
        let of_key = expected.iter().filter(|event| event["key"] == *key);
        let order: Vec<Value> = of_key.map(|event| event["n"].clone()).collect();
        until_seen(&actor, key, &Value::Array(order)).await;
    }
    until_settled(&host, "main").await;
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_events_of_twenty_keys_arrive_in_order_whatever_fails() {
    let host = Arc::new(ledger().await);
    let dispatcher = host.dispatch().await;
    let (mut raised, mut n) = (vec![Vec::new(); 20], 0_u32);
    let actor = host.anonymous();
    for _ in 0..20 {
        let mut events = Vec::new();
        for _ in 0..50 {
            // As good as random, and the same in every run.
            let chance = n.wrapping_mul(2_654_435_761) >> 16;
            let key = (chance % 20) as usize;
            // A few only: more would keep the plugin from the tenant.
            let traps = n % 500 == 100;
            let fails = if chance % 17 == 0 { 1 + chance % 2 } else { 0 };
            let fails = if traps { 1 } else { fails };
            raised[key].push(n);
            events.push(json!({
                "key": format!("k{key}"), "n": n, "fails": fails, "traps": traps,
            }));
            n += 1;
        }
        tell(&actor, &events).await;
        // Time goes on, so that what failed is tried again.
        host.clock.advance(500);
    }
    let tenant = stoa_kernel::id::TenantId::parse("main").unwrap();
    until("everything is handled", async || {
        host.clock.advance(500);
        let left = host.store.outbox(&tenant, None, 1).await.unwrap();
        left.is_empty().then_some(())
    })
    .await;
    for (key, order) in raised.iter().enumerate() {
        assert_eq!(
            seen(&actor, &format!("k{key}")).await,
            json!(order),
            "k{key}"
        );
    }
    let (dead, _) = dispatcher.letters().page(&tenant, None, 10).await.unwrap();
    assert_eq!(dead, []);
    dispatcher.stop().await;
}
