//! What one plugin may use for one tenant, however it is called.

mod paths;

use std::sync::Arc;

use serde_json::json;
use stoa_kernel::deployment::{Deployer as _, LogLevel, LogQuery};
use stoa_kernel::id::TenantId;
use stoa_kernel::store::Store as _;
use stoa_runtime::ShareLimits;
use stoa_testkit::{Actor, TestHost};

use crate::deployed::{somebody_of, tenant};
use crate::outbound::service::Service;

async fn host(shares: ShareLimits, service: &Service) -> Arc<TestHost> {
    let host = TestHost::builder()
        .shares(shares)
        .outbound("toucher", "gate", &service.url())
        .secret("toucher", "hook", &["key"])
        .guest("toucher")
        .guest("probe")
        .start()
        .await;
    Arc::new(host)
}

#[tokio::test(flavor = "multi_thread")]
pub async fn calls_at_the_same_time_are_a_tenants_own_affair() {
    let service = Service::start().await;
    let shares = ShareLimits {
        concurrency_max: 1,
        ..ShareLimits::DEFAULT
    };
    let host = host(shares, &service).await;
    let waiting = {
        let host = Arc::clone(&host);
        let wait = async move {
            let ours = somebody_of(&host, "acme");
            ours.post("/misdeeds/wait", &json!({})).await
        };
        tokio::spawn(wait)
    };
    service.was_asked(1).await;
    let ours = somebody_of(&host, "acme");
    let refused = ours.get("/calm").await.expect(429);
    assert_eq!(refused.text("retry-after"), Some("1"));
    let _ = refused.problem(429, "plugin-share");
    let _ = somebody_of(&host, "other").get("/calm").await.expect(200);
    let _ = ours.get("/probe/settings").await.expect(200);
    service.open_gate();
    let _ = waiting.await.unwrap().expect(204);
    let _ = ours.get("/calm").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn computing_is_used_up_for_a_minute_and_deliveries_wait_without_failing() {
    let service = Service::start().await;
    let shares = ShareLimits {
        cpu_ms_per_minute: 200,
        ..ShareLimits::DEFAULT
    };
    let host = host(shares, &service).await;
    let ours = somebody_of(&host, "acme");
    let _ = ours.get("/touch/events").await.expect(200);
    let spun = ours.post("/misdeeds/spin", &json!({})).await;
    let _ = spun.problem(504, "plugin-timeout");
    let refused = ours.get("/calm").await.expect(429);
    assert_eq!(refused.text("retry-after"), Some("60"));
    // The event waits, and is not counted as failed.
    let dispatcher = host.dispatch().await;
    let acme = tenant("acme");
    let waits = async || host.store.outbox(&acme, None, 10).await.unwrap().len();
    for _ in 0..20 {
        assert_eq!(waits().await, 1);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    host.clock.advance(60_000);
    while waits().await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let heard = ours.get("/heard").await.json_of(200);
    assert_eq!(heard["heard"]["times"], 1);
    drop(dispatcher);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_client_has_gone_is_charged_for_what_it_computed() {
    let service = Service::start().await;
    let host = host(ShareLimits::DEFAULT, &service).await;
    let waiting = {
        let host = Arc::clone(&host);
        tokio::spawn(async move {
            let ours = somebody_of(&host, "acme");
            ours.post("/misdeeds/wait", &json!({})).await
        })
    };
    service.was_asked(1).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    let standings = host.runtime.standings();
    let toucher = standings.iter().find(|each| each.plugin == "toucher");
    let used = toucher.unwrap().used[&tenant("acme")];
    assert_eq!((used.calls, used.faults), (1, 0));
    assert!(used.cpu_us > 0);
}

#[tokio::test(flavor = "multi_thread")]
pub async fn events_and_requests_outside_have_a_rate() {
    let service = Service::start().await;
    let shares = ShareLimits {
        events_per_minute: 3,
        outbound_per_minute: 2,
        ..ShareLimits::DEFAULT
    };
    let host = host(shares, &service).await;
    let ours = somebody_of(&host, "acme");
    let spend = async |what: &str| {
        let path = format!("/spend/{what}/5");
        ours.post(&path, &json!({})).await.json_of(200)["spent"].clone()
    };
    assert_eq!(spend("events").await, 3);
    assert_eq!(spend("outbound").await, 2);
    assert_eq!(spend("events").await, 0);
    assert_eq!(service.asked().len(), 2);
    host.clock.advance(60_000);
    assert_eq!(spend("events").await, 3);
    let standing = host.runtime.standings();
    let standing = standing
        .iter()
        .find(|each| each.plugin == "toucher")
        .unwrap();
    let used = standing.used[&tenant("acme")];
    assert_eq!((used.events, used.outbound), (6, 2));
    assert!(used.calls >= 4 && used.cpu_us > 0 && used.faults == 0);
}

#[tokio::test(flavor = "multi_thread")]
pub async fn what_is_stored_is_measured_before_it_is_refused() {
    let service = Service::start().await;
    let shares = ShareLimits {
        stored_bytes_max: 30_000,
        ..ShareLimits::DEFAULT
    };
    let host = host(shares, &service).await;
    let ours = somebody_of(&host, "acme");
    let store = async |id: &str, bytes: u32| {
        let path = format!("/store/{id}/{bytes}");
        ours.post(&path, &json!({})).await.status.as_u16()
    };
    // Writing over the same document takes no more room, however often.
    for _ in 0..10 {
        assert_eq!(store("a", 10_000).await, 204);
        host.clock.advance(10_000);
    }
    assert_eq!(store("b", 10_000).await, 204);
    host.clock.advance(10_000);
    assert_eq!(store("c", 10_000).await, 422);
    let others = somebody_of(&host, "other");
    let _ = others.post("/store/c/10000", &json!({})).await.expect(204);
    assert_eq!(store("c", 100).await, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_kept_take_room_until_they_are_forgotten() {
    let shares = ShareLimits {
        stored_bytes_max: 60_000,
        ..ShareLimits::DEFAULT
    };
    let rooms = TestHost::builder().shares(shares).guest("rooms");
    let host = rooms.start().await;
    let (ours, others) = (somebody_of(&host, "acme"), somebody_of(&host, "other"));
    let say = async |actor: &Actor, room: &str| {
        let path = format!("/rooms/{room}/burst");
        let burst = json!({ "count": 1, "bytes": 20_000 });
        actor.post(&path, &burst).await.status.as_u16()
    };
    for room in ["a", "b"] {
        assert_eq!(say(&ours, room).await, 204);
    }
    // Also once it is measured.
    for _ in 0..2 {
        assert_eq!(say(&ours, "c").await, 422);
        host.clock.advance(10_000);
    }
    assert_eq!(say(&others, "c").await, 204);
    host.clock.advance(30 * 86_400_000);
    assert!(host.store.sweep().await.unwrap() > 0);
    assert_eq!(say(&somebody_of(&host, "acme"), "c").await, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_lines_are_there_by_tenant_and_from_a_number_on() {
    let host = TestHost::builder().guest("toucher").start().await;
    for tenant in ["acme", "other", "acme"] {
        let touched = somebody_of(&host, tenant).get("/touch/log").await;
        let _ = touched.expect(200);
    }
    let acme = tenant("acme");
    let log = |plugin: &str, tenant: Option<&TenantId>, after: u64| {
        let query = LogQuery {
            tenant: tenant.cloned(),
            after,
            limit: 10,
            ..LogQuery::default()
        };
        host.runtime.log(plugin, &query)
    };
    let lines = log("toucher", Some(&acme), 0);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0].level, &*lines[0].text),
        (LogLevel::Info, "touched")
    );
    assert_eq!(log("toucher", Some(&acme), lines[0].number), lines[1..]);
    assert_eq!(log("toucher", None, 0).len(), 3);
    assert!(log("nobody", None, 0).is_empty());
}
