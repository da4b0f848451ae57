//! A version that fails over and over is kept from those for whom it does, and makes room if it is new and does for most.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use stoa_kernel::deployment::{Deployer as _, DeploymentNews, Scope};
use stoa_kernel::identity::Role;
use stoa_kernel::plugins::Plugins as _;
use stoa_testkit::{Actor, TestHost};
use tokio::sync::watch;

use crate::deployed::{deploy, guest, of_tenant, somebody_of, tenant, version};
use crate::outbound::service::Service;

/// Faults that keep a version from a caller or a tenant.
const FAULTS: usize = 5;

/// Callers who have to fail before a tenant is kept from what has served it.
const CALLERS: usize = 3;

async fn trap(actor: &Actor) {
    let answer = actor.post("/misdeeds/trap", &json!({})).await;
    let _ = answer.problem(502, "plugin-trap");
}

async fn trap_until_kept(actor: &Actor) {
    for _ in 0..FAULTS {
        trap(actor).await;
    }
}

/// As [`trap_until_kept`], of a version that has served somebody: several callers of the tenant fail.
async fn several_trap_until_kept(host: &TestHost, tenant: &str) {
    for fault in 0..FAULTS {
        let name = format!("caller-{}", fault % CALLERS);
        trap(&host.account_in(tenant, &name, Role::User)).await;
    }
}

async fn kept_for(actor: &Actor) -> String {
    let answer = actor.get("/calm").await.expect(503);
    let after = answer.text("retry-after").unwrap().to_owned();
    let _ = answer.problem(503, "plugin-quarantined");
    after
}

fn toucher(number: &str) -> Vec<u8> {
    version("toucher", "version", number)
}

#[tokio::test(flavor = "multi_thread")]
pub async fn a_failing_plugin_is_kept_from_one_tenant_and_comes_back_by_a_trial() {
    let host = TestHost::builder()
        .guest("toucher")
        .guest("probe")
        .start()
        .await;
    let (ours, theirs) = (somebody_of(&host, "acme"), somebody_of(&host, "other"));
    trap_until_kept(&ours).await;
    assert_eq!(kept_for(&ours).await, "30");
    let _ = theirs.get("/calm").await.expect(200);
    let _ = ours.get("/probe/settings").await.expect(200);
    let standing = host.runtime.standings();
    let standing = standing
        .iter()
        .find(|each| each.plugin == "toucher")
        .unwrap();
    assert_eq!(standing.quarantined, [tenant("acme")]);
    assert_eq!(standing.used[&tenant("acme")].faults, 5);

    host.clock.advance(29_000);
    assert_eq!(kept_for(&ours).await, "1");
    host.clock.advance(1_000);
    // A trial that fails: twice as long.
    trap(&ours).await;
    assert_eq!(kept_for(&ours).await, "60");
    host.clock.advance(60_000);
    let _ = ours.get("/calm").await.expect(200);
    let _ = ours.get("/calm").await.expect(200);
    // What the plugin refuses by its own word is no fault.
    for _ in 0..2 * FAULTS {
        let refused = ours.post("/misdeeds/refuse", &json!({})).await;
        let _ = refused.problem(409, "refused");
    }
    let _ = ours.get("/calm").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_at_a_time_tries() {
    let service = Service::start().await;
    let host = TestHost::builder()
        .outbound("toucher", "gate", &service.url())
        .secret("toucher", "hook", &["key"])
        .guest("toucher")
        .start()
        .await;
    let host = Arc::new(host);
    let ours = somebody_of(&host, "acme");
    trap_until_kept(&ours).await;
    host.clock.advance(30_000);
    let trying = {
        let host = Arc::clone(&host);
        let wait = async move {
            let ours = somebody_of(&host, "acme");
            ours.post("/misdeeds/wait", &json!({})).await
        };
        tokio::spawn(wait)
    };
    service.was_asked(1).await;
    assert_eq!(kept_for(&ours).await, "1");
    service.open_gate();
    let _ = trying.await.unwrap().expect(204);
    let _ = ours.get("/calm").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_a_failing_plugin_is_not_the_one_that_fails() {
    let host = TestHost::builder()
        .guest("probe")
        .guest("hostile")
        .start()
        .await;
    for _ in 0..2 * FAULTS {
        // The extension point fails, and is unavailable; later it is kept away.
        let told = host.anonymous().post("/probe/tax/CRASH", &json!({})).await;
        let _ = told.expect(200);
    }
    let standings = host.runtime.standings();
    let kept: Vec<_> = standings
        .iter()
        .filter(|standing| !standing.quarantined.is_empty())
        .map(|standing| standing.plugin.as_str())
        .collect();
    assert_eq!(kept, ["hostile"]);
    let _ = host.anonymous().get("/probe/settings").await.expect(200);
}

/// What the runtime told of its own deeds.
#[derive(Default)]
struct News(Mutex<Vec<Value>>, watch::Sender<usize>);

#[async_trait]
impl DeploymentNews for News {
    async fn returned(&self, scope: &Scope, plugin: &str, from: &str, to: &str, why: &str) {
        let told = json!([scope.to_string(), plugin, from, to, why]);
        let mut all = self.0.lock().unwrap();
        all.push(told);
        self.1.send_replace(all.len());
    }
}

impl News {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    async fn first(&self) -> Value {
        let mut count = self.1.subscribe();
        let told = count.wait_for(|count| *count > 0);
        let told = tokio::time::timeout(Duration::from_secs(30), told).await;
        drop(told.unwrap().unwrap());
        self.0.lock().unwrap()[0].clone()
    }
}

fn digest_of(host: &TestHost, scope: &Scope) -> String {
    let standings = host.runtime.standings();
    let mut of_scope = standings.iter().filter(|standing| standing.scope == *scope);
    of_scope.next().unwrap().digest.clone()
}

async fn version_of(actor: &Actor) -> Value {
    actor.get("/calm").await.json_of(200)["version"].clone()
}

#[tokio::test(flavor = "multi_thread")]
pub async fn a_young_version_that_fails_as_many_tenants_as_it_serves_makes_room_under_load() {
    let host = Arc::new(TestHost::builder().start().await);
    let news = Arc::new(News::default());
    host.runtime.tell(news.clone());
    let everybody = Scope::Deployment;
    deploy(&host, everybody.clone(), toucher("1"))
        .await
        .unwrap();
    let good = digest_of(&host, &everybody);
    let (stop, stopped) = watch::channel(false);
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (host, stopped) = (Arc::clone(&host), stopped.clone());
            tokio::spawn(async move {
                let actor = somebody_of(&host, &format!("t{}", client % 2));
                let mut versions = Vec::new();
                while !*stopped.borrow() {
                    versions.push(version_of(&actor).await);
                }
                versions
            })
        })
        .collect();
    deploy(&host, everybody.clone(), toucher("2"))
        .await
        .unwrap();
    let bad = digest_of(&host, &everybody);
    for served in ["t0", "t1"] {
        assert_eq!(version_of(&somebody_of(&host, served)).await, "2");
    }
    // One tenant has no say in what two others are served by.
    several_trap_until_kept(&host, "acme").await;
    let _ = kept_for(&somebody_of(&host, "acme")).await;
    several_trap_until_kept(&host, "other").await;
    let told = news.first().await;
    assert_eq!(told[0], "deployment");
    assert_eq!((&told[2], &told[3]), (&json!(bad), &json!(good)));
    assert!(told[4].as_str().unwrap().contains("trap"), "{told}");
    assert_eq!(news.count(), 1);
    assert_eq!(version_of(&somebody_of(&host, "acme")).await, "1");
    stop.send_replace(true);
    for client in clients {
        let versions = client.await.unwrap();
        let first_bad = versions.iter().position(|version| version == "2");
        let back = versions.iter().rposition(|version| version == "2");
        if let (Some(first), Some(last)) = (first_bad, back) {
            let mixed = versions[first..=last].iter().any(|version| version == "1");
            assert!(!mixed, "there and back once");
        }
    }
    let status = host.runtime.status();
    let detail = status[0].detail.as_ref().unwrap();
    assert!(status[0].ready && detail.contains("made room"), "{detail}");
    assert_eq!(digest_of(&host, &everybody), good);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_has_served_for_long_stays_and_so_does_a_tenants_first() {
    let host = TestHost::builder().start().await;
    let everybody = Scope::Deployment;
    deploy(&host, everybody.clone(), toucher("1"))
        .await
        .unwrap();
    deploy(&host, everybody.clone(), toucher("2"))
        .await
        .unwrap();
    let second = digest_of(&host, &everybody);
    host.clock.advance(600_000);
    let ours = somebody_of(&host, "acme");
    trap_until_kept(&ours).await;
    let _ = kept_for(&ours).await;
    // Another switch has gone by whatever would have made room.
    deploy(&host, of_tenant("other"), guest("probe", |_| {}))
        .await
        .unwrap();
    assert_eq!(digest_of(&host, &everybody), second);

    // A tenant's own version has no predecessor of its own to make room for.
    deploy(&host, of_tenant("acme"), toucher("3"))
        .await
        .unwrap();
    trap_until_kept(&ours).await;
    let _ = kept_for(&ours).await;
    let third = digest_of(&host, &of_tenant("acme"));
    deploy(&host, of_tenant("acme"), guest("probe", |_| {}))
        .await
        .unwrap();
    let standings = host.runtime.standings();
    assert!(standings.iter().any(|standing| standing.digest == third));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_failed_is_not_taken_again_until_it_changes() {
    let host = TestHost::builder()
        .with("toucher", toucher("1"))
        .start()
        .await;
    let news = Arc::new(News::default());
    host.runtime.tell(news.clone());
    host.install("toucher", &toucher("2")).await.unwrap();
    trap_until_kept(&somebody_of(&host, "acme")).await;
    news.first().await;
    assert_eq!(version_of(&host.anonymous()).await, "1");
    let status = host.runtime.status();
    assert!(status[0].ready && status[0].detail.as_ref().unwrap().contains("made room"));
    let refused = host.install("toucher", &toucher("2")).await.unwrap_err();
    assert!(refused.contains("failed"), "{refused}");
    assert_eq!(version_of(&host.anonymous()).await, "1");
    host.install("toucher", &toucher("3")).await.unwrap();
    assert_eq!(version_of(&host.anonymous()).await, "3");
    assert!(host.runtime.status()[0].detail.is_none());
}

#[tokio::test(flavor = "multi_thread")]
pub async fn one_client_with_a_poisoned_request_takes_the_plugin_from_nobody_else() {
    let host = TestHost::builder().start().await;
    let news = Arc::new(News::default());
    host.runtime.tell(news.clone());
    let everybody = Scope::Deployment;
    for number in ["1", "2"] {
        deploy(&host, everybody.clone(), toucher(number))
            .await
            .unwrap();
    }
    let young = digest_of(&host, &everybody);
    let (good, poisoner) = (
        somebody_of(&host, "acme"),
        host.account_in("acme", "poisoner", Role::User),
    );
    assert_eq!(version_of(&good).await, "2");
    trap_until_kept(&poisoner).await;
    // Whoever sent it waits, and nobody else, however often it comes again.
    for pause in ["30", "60", "120"] {
        assert_eq!(kept_for(&poisoner).await, pause);
        assert_eq!(version_of(&good).await, "2");
        assert_eq!(version_of(&somebody_of(&host, "other")).await, "2");
        host.clock.advance(pause.parse::<u64>().unwrap() * 1_000);
        trap(&poisoner).await;
    }
    assert_eq!(digest_of(&host, &everybody), young);
    assert_eq!(news.count(), 0);
    let standings = host.runtime.standings();
    assert!(standings.iter().all(|each| each.quarantined.is_empty()));
    // What is good of the same client is served once it has waited.
    host.clock.advance(600_000);
    assert_eq!(version_of(&poisoner).await, "2");
    assert_eq!(version_of(&poisoner).await, "2");
}

#[tokio::test(flavor = "multi_thread")]
pub async fn what_fails_for_as_many_callers_as_it_serves_is_kept_from_all_of_the_tenant() {
    let host = TestHost::builder().guest("toucher").start().await;
    let good =
        ["one", "two", "three", "four"].map(|name| host.account_in("acme", name, Role::User));
    for caller in &good {
        let _ = caller.get("/calm").await.expect(200);
    }
    trap(&host.account_in("acme", "caller-0", Role::User)).await;
    for caller in &good {
        let _ = caller.get("/calm").await.expect(200);
    }
    // Three of seven fail: the others go on.
    several_trap_until_kept(&host, "acme").await;
    let _ = good[0].get("/calm").await.expect(200);
    // Four of seven, and nobody is served.
    trap(&good[0]).await;
    assert_eq!(kept_for(&good[1]).await, "30");
    let _ = somebody_of(&host, "other").get("/calm").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn poisoned_events_keep_nobody_from_the_plugin_that_hears_them() {
    let host = TestHost::builder().guest("toucher").start().await;
    let good = somebody_of(&host, "acme");
    let _ = good.get("/calm").await.expect(200);
    for _ in 0..2 * FAULTS {
        let raised = good.post("/misdeeds/poison", &json!({})).await;
        let _ = raised.expect(204);
    }
    let dispatcher = host.dispatch().await;
    let faults = || {
        let standings = host.runtime.standings();
        let mut of_toucher = standings.iter().filter(|each| each.plugin == "toucher");
        of_toucher.next().unwrap().used[&tenant("acme")].faults
    };
    let failed = async {
        while faults() < FAULTS as u64 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), failed)
        .await
        .unwrap();
    let _ = good.get("/calm").await.expect(200);
    let standings = host.runtime.standings();
    assert!(standings.iter().all(|each| each.quarantined.is_empty()));
    drop(dispatcher);
}
