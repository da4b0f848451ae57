//! Two hosts over one database: what is switched on one is switched on the other.

use std::time::{Duration, Instant};

use serde_json::json;
use stoa_testkit::{TestHost, TestHostBuilder};

use super::{greeting, install, people, post, publish, version};
use crate::redis::Server;

/// The longest that a test waits for the other host.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a version answers on a host, for somebody of a tenant.
async fn until(host: &TestHost, tenant: &str, wanted: Option<&str>) {
    let (_, user) = people(host, tenant);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = greeting(&user).await;
        if said.as_deref() == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{said:?} instead of {wanted:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn follow_each_other(builder: impl Fn() -> TestHostBuilder) {
    let here = builder().following().start().await;
    let there = builder().following().beside(&here).start().await;
    let (ours, theirs) = (here.operator("olga"), there.operator("otto"));
    publish(&here, version("0.1.0")).await;
    publish(&there, version("0.2.0")).await;
    install(&ours, "0.1.0").await;
    until(&there, "acme", Some("0.1.0")).await;
    install(&theirs, "0.2.0").await;
    until(&here, "acme", Some("0.2.0")).await;
    // One tenant's alone, settings, and back again.
    let (admin, _) = people(&there, "acme");
    let own = json!({ "version": "0.1.0", "grantAll": true });
    let _ = post(&admin, "activations", own).await.expect(201);
    until(&here, "acme", Some("0.1.0")).await;
    until(&here, "other", Some("0.2.0")).await;
    let set = json!({ "settings": { "greeting": "ahoy" } });
    let path = format!("{}/settings", super::PROBE);
    let _ = ours.put(&path, &set).await.expect(200);
    until(&there, "other", Some("ahoy")).await;
    let _ = post(&ours, "rollback", json!({})).await.expect(201);
    until(&there, "other", Some("0.2.0")).await;
    let _ = post(&theirs, "disable", json!({})).await.expect(201);
    until(&here, "other", None).await;
    until(&here, "acme", Some("0.1.0")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_host_switches_the_other_finds_in_the_rows() {
    follow_each_other(TestHost::builder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_host_switches_the_other_hears_by_redis() {
    let redis = Server::start();
    follow_each_other(|| TestHost::builder().redis(&redis.url())).await;
}
