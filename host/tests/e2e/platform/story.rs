//! A plugin's life on a deployment.

use serde_json::json;
use stoa_testkit::TestHost;

use super::{PROBE, greeting, install, post, publish, upload, version, wider};

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_asks_for_more_waits_until_it_is_approved() {
    upgrade(&TestHost::builder().start().await).await;
}

/// From the first upload to version 0.3.0.
pub async fn upgrade(host: &TestHost) {
    let (operator, anybody) = (host.operator("olga"), host.anonymous());
    let first = publish(host, version("0.1.0")).await;
    assert_eq!(greeting(&anybody).await, None, "nothing of it runs yet");

    let body = json!({ "version": "0.1.0" });
    let waits = post(&operator, "activations", body).await.json_of(202);
    assert_eq!(waits["outcome"], "waiting");
    assert_eq!(greeting(&anybody).await, None);
    install(&operator, "0.1.0").await;
    assert_eq!(greeting(&anybody).await.as_deref(), Some("0.1.0"));

    let told = upload(&host.vendor("vera"), wider()).await.json_of(201);
    assert_eq!(
        told["diff"]["permissions"]["added"],
        json!(["raises:probe.widened"])
    );
    assert_eq!(told["diff"]["from"], "0.1.0");
    let body = json!({ "version": "0.2.0" });
    let _ = post(&operator, "activations", body).await.expect(202);
    assert_eq!(
        greeting(&anybody).await.as_deref(),
        Some("0.1.0"),
        "the old one serves"
    );
    let shown = operator.get(PROBE).await.json_of(200);
    assert_eq!(shown["places"][0]["waiting"]["version"], "0.2.0");
    assert_eq!(shown["places"][0]["serving"]["digest"], first);
    let approved = post(&operator, "approvals", json!({})).await.json_of(201);
    assert_eq!(approved["kind"], "upgrade");
    assert_eq!(greeting(&anybody).await.as_deref(), Some("0.2.0"));

    // One that asks for no more serves at once.
    publish(host, super::changed("0.3.0", |_| {})).await;
    let body = json!({ "version": "0.3.0" });
    let _ = post(&operator, "activations", body).await.expect(201);
    assert_eq!(greeting(&anybody).await.as_deref(), Some("0.3.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_disable_enable_and_settings_are_live_at_once() {
    let host = TestHost::builder().start().await;
    let (operator, anybody) = (host.operator("olga"), host.anonymous());
    publish(&host, version("0.1.0")).await;
    publish(&host, version("0.2.0")).await;
    install(&operator, "0.1.0").await;
    install(&operator, "0.2.0").await;
    let back = post(&operator, "rollback", json!({})).await.json_of(201);
    assert_eq!(back["version"], "0.1.0");
    assert_eq!(greeting(&anybody).await.as_deref(), Some("0.1.0"));
    let _ = post(&operator, "disable", json!({})).await.expect(201);
    assert_eq!(greeting(&anybody).await, None);
    let _ = post(&operator, "enable", json!({})).await.expect(201);
    assert_eq!(greeting(&anybody).await.as_deref(), Some("0.1.0"));

    let set = json!({ "settings": { "greeting": "ahoy" } });
    let path = format!("{PROBE}/settings");
    let _ = operator.put(&path, &set).await.expect(200);
    assert_eq!(greeting(&anybody).await.as_deref(), Some("ahoy"));
    let wrong = json!({ "settings": { "greeting": 7 } });
    let _ = operator
        .put(&path, &wrong)
        .await
        .problem(422, "setting-refused");

    // Who knows an older state changes nothing.
    let rows = operator.get(&format!("{PROBE}/activations")).await;
    let number = rows.json_of(200)["items"][0]["number"].as_u64().unwrap();
    let late = json!({ "expected": number - 1 });
    let _ = post(&operator, "rollback", late)
        .await
        .problem(409, "changed-meanwhile");
    let late = operator.header("if-match", "\"1\"");
    let _ = post(&late, "rollback", json!({}))
        .await
        .problem(409, "changed-meanwhile");
    let _ = post(&operator, "rollback", json!({ "expected": number }))
        .await
        .expect(201);
    assert_eq!(greeting(&anybody).await.as_deref(), Some("0.1.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_is_in_the_audit_and_every_switch_in_the_list() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    host.clock.advance(1_000);
    let body = json!({ "version": "0.1.0", "grantAll": true, "reason": "we need it" });
    let keyed = operator.idempotent("install-1");
    let row = post(&keyed, "activations", body.clone()).await.json_of(201);
    let again = post(&keyed, "activations", body).await.json_of(201);
    assert_eq!(row, again, "one activation");
    host.clock.advance(1_000);
    let _ = post(&operator, "disable", json!({ "reason": "enough" }))
        .await
        .expect(201);

    let audit = operator.get("/api/platform/audit").await.json_of(200);
    let acts: Vec<(&str, &str)> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["who"].as_str().unwrap(), row["what"].as_str().unwrap()))
        .collect();
    let expected = [
        ("olga", "plugin.disable"),
        ("olga", "plugin.install"),
        ("vera", "plugin.upload"),
    ];
    assert_eq!(acts, expected);
    assert!(
        audit["items"][1]["detail"]
            .as_str()
            .unwrap()
            .contains("we need it")
    );

    let page = format!("{PROBE}/activations?limit=1");
    let first = operator.get(&page).await.json_of(200);
    assert_eq!(
        (&first["total"], &first["items"][0]["kind"]),
        (&json!(2), &json!("disable"))
    );
    let cursor = first["nextCursor"].as_str().unwrap();
    let next = operator
        .get(&format!("{page}&cursor={cursor}"))
        .await
        .json_of(200);
    assert_eq!(next["items"][0]["kind"], "install");
    let listed = operator.get("/api/platform/plugins").await.json_of(200);
    assert_eq!(
        (&listed["total"], &listed["items"][0]["name"]),
        (&json!(1), &json!("probe"))
    );
    let revisions = operator
        .get(&format!("{PROBE}/revisions"))
        .await
        .json_of(200);
    assert_eq!(revisions["items"][0]["version"], "0.1.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_runtime_refuses_leaves_the_old_version_and_a_row() {
    let host = TestHost::builder().plugin("hello").start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    install(&operator, "0.1.0").await;
    // Its route is another plugin's.
    let clash = super::changed("0.2.0", |package| {
        if let Some(route) = package.manifest.routes.first_mut() {
            route.path = "/bench/hello/fresh".into();
            route.method = stoa_kernel::wit::Method::Get;
        }
    });
    publish(&host, clash).await;
    let body = json!({ "version": "0.2.0", "grantAll": true });
    let _ = post(&operator, "activations", body)
        .await
        .problem(422, "plugin-refused");
    assert_eq!(greeting(&host.anonymous()).await.as_deref(), Some("0.1.0"));
    let rows = operator
        .get(&format!("{PROBE}/activations"))
        .await
        .json_of(200);
    assert_eq!(rows["items"][0]["outcome"], "refused");
    let shown = operator.get(PROBE).await.json_of(200);
    assert_eq!(shown["places"][0]["current"]["version"], "0.1.0");
}
