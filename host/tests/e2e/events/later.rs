//! Events for later.

use serde_json::json;
use stoa_testkit::FakeClock;

use super::{ledger, seen, tell, until_seen, until_settled};

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_event_comes_at_its_time_and_nobody_waits_for_it() {
    let host = ledger().await;
    let _dispatcher = host.dispatch().await;
    let actor = host.anonymous();
    let at = |ms: u64| FakeClock::START + ms;
    tell(
        &actor,
        &[
            json!({ "key": "k", "n": 1, "at_ms": at(60_000) }),
            json!({ "key": "k", "n": 2, "at_ms": at(30_000) }),
            json!({ "key": "k", "n": 3 }),
            json!({ "key": "k", "n": 4, "at_ms": at(0) - 1 }),
        ],
    )
    .await;
    // The last one's time has passed already.
    super::until("those that are due", async || {
        (seen(&actor, "k").await.as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    until_settled(&host, "main").await;
    let first = seen(&actor, "k").await;
    host.clock.advance(29_999);
    tell(&actor, &[json!({ "key": "other", "n": 1 })]).await;
    until_seen(&actor, "other", &json!([1])).await;
    assert_eq!(seen(&actor, "k").await, first, "it is too early");
    host.clock.advance(1);
    let with = |n: &[u64]| {
        let mut all = first.as_array().unwrap().clone();
        all.extend(n.iter().map(|n| json!(n)));
        json!(all)
    };
    until_seen(&actor, "k", &with(&[2])).await;
    host.clock.advance(30_000);
    until_seen(&actor, "k", &with(&[2, 1])).await;
    until_settled(&host, "main").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_event_survives_those_who_wait_for_it() {
    let host = ledger().await;
    let actor = host.anonymous();
    let first = host.dispatch().await;
    tell(
        &actor,
        &[json!({ "key": "k", "n": 1, "at_ms": FakeClock::START + 1_000 })],
    )
    .await;
    first.stop().await;
    drop(first);
    host.clock.advance(5_000);
    assert_eq!(seen(&actor, "k").await, json!([]));
    let _second = host.dispatch().await;
    until_seen(&actor, "k", &json!([1])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_too_far_ahead_is_refused() {
    let host = ledger().await;
    let at_ms = FakeClock::START + 401 * 86_400_000;
    let told = json!({ "events": [{ "key": "k", "n": 1, "at_ms": at_ms }] });
    let _ = host
        .anonymous()
        .post("/ledger/tell", &told)
        .await
        .expect(500);
}
