//! Secrets that people set: used at once, shown to nobody.

use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::{Actor, Answer, TestHost, TestHostBuilder};
use tracing::Level;

use super::{PROBE, install, people, post, publish, version};
use crate::log::Log;
use crate::outbound::service::Service;

fn builder(service: &Service) -> TestHostBuilder {
    TestHost::builder()
        .outbound("probe", "bank", &format!("{}/base", service.url()))
        .outbound("probe", "post", &service.url())
}

async fn set(actor: &Actor, secret: &str, body: Value) -> Answer {
    actor.put(&format!("{PROBE}/secrets/{secret}"), &body).await
}

async fn remove(actor: &Actor, secret: &str, query: &str) -> Answer {
    actor
        .delete(&format!("{PROBE}/secrets/{secret}{query}"))
        .await
}

/// Lets the probe ask the bank; the credentials that arrived, if it was asked.
async fn bearer(service: &Service, actor: &Actor) -> Option<String> {
    let before = service.asked().len();
    let errand = json!({ "service": "bank", "method": "GET", "path": "/charges", "purpose": "" });
    let told = actor
        .post("/probe/errands", &json!([errand]))
        .await
        .json_of(200);
    let asked = service.asked();
    let asked = asked.get(before)?;
    assert_eq!(told["told"][0]["status"], 200);
    asked.header("authorization").map(ToOwned::to_owned)
}

async fn mac(actor: &Actor) -> Option<String> {
    let signed = json!({ "message": "m", "signature": "" });
    let answer = actor.post("/probe/signatures/hook", &signed).await;
    answer.json()["mac"].as_str().map(ToOwned::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_bears_the_tenants_secret_or_the_deployments_or_the_configurations() {
    let service = Service::start().await;
    let folder = builder(&service)
        .secret("probe", "token", &["of-the-file"])
        .guest("probe");
    let registry = builder(&service).secret("probe", "token", &["of-the-file"]);
    for (builder, from_registry) in [(folder, false), (registry, true)] {
        let host = builder.start().await;
        let operator = host.operator("olga");
        if from_registry {
            publish(&host, version("0.1.0")).await;
            install(&operator, "0.1.0").await;
        }
        let ((admin, user), (_, other)) = (people(&host, "acme"), people(&host, "other"));
        let told = async |actor: &Actor| bearer(&service, actor).await.unwrap();
        assert_eq!(told(&user).await, "Bearer of-the-file");
        let _ = set(&operator, "token", json!({ "value": "of-the-deployment" }))
            .await
            .expect(204);
        assert_eq!(told(&user).await, "Bearer of-the-deployment");
        let _ = set(&admin, "token", json!({ "value": "of-acme" }))
            .await
            .expect(204);
        assert_eq!(told(&user).await, "Bearer of-acme");
        assert_eq!(told(&other).await, "Bearer of-the-deployment");
        let named = json!({ "value": "from-olga", "tenant": "acme" });
        let _ = set(&operator, "token", named).await.expect(204);
        assert_eq!(told(&user).await, "Bearer from-olga");

        let listed = admin.get(&format!("{PROBE}/secrets")).await.json_of(200);
        let token = &listed["secrets"]["token"];
        assert_eq!(
            (&token["source"], &token["usedBy"]),
            (&json!("tenant"), &json!(["bank"]))
        );
        assert_eq!(
            (&token["set"]["by"], &token["set"]["values"]),
            (&json!("olga"), &json!(1))
        );
        assert_eq!(listed["secrets"]["hook"]["source"], Value::Null);
        assert_eq!(
            listed["secrets"].as_object().unwrap().len(),
            2,
            "what is left to tenants"
        );

        let _ = remove(&admin, "token", "").await.expect(204);
        let _ = remove(&admin, "token", "").await.problem(404, "not-found");
        assert_eq!(told(&user).await, "Bearer of-the-deployment");
        let _ = remove(&operator, "token", "").await.expect(204);
        assert_eq!(told(&user).await, "Bearer of-the-file");

        let audit = operator.get("/api/platform/audit").await.json_of(200);
        let acts = audit["items"].as_array().unwrap().iter();
        let acts = acts.filter(|row| row["detail"] == "token");
        assert_eq!(acts.count(), 5);
    }
}

#[tokio::test]
async fn no_answer_log_audit_or_guest_has_a_value() {
    let (log, _guard) = Log::of_thread(Level::DEBUG);
    let service = Service::start().await;
    let host = builder(&service).guest("probe").start().await;
    let operator = host.operator("olga");
    let secret = "hunter2-is-no-word";
    let mut said = String::new();
    let keyed = operator.idempotent("k");
    for answer in [
        set(&keyed, "token", json!({ "value": secret }))
            .await
            .expect(204),
        set(&keyed, "token", json!({ "value": secret, "other": secret }))
            .await
            .expect(400),
        set(&operator, "token", json!({ "value": [secret] }))
            .await
            .expect(400),
        set(&operator, "none", json!({ "value": secret }))
            .await
            .expect(404),
        set(&operator, "token", json!({ "value": secret.repeat(500) }))
            .await
            .expect(422),
        operator.get(&format!("{PROBE}/secrets")).await.expect(200),
        operator.get(&format!("{PROBE}/settings")).await.expect(200),
        operator.get(PROBE).await.expect(200),
        operator.get("/api/platform/audit").await.expect(200),
    ] {
        said += &String::from_utf8_lossy(&answer.body);
    }
    assert_eq!(
        bearer(&service, &operator).await.unwrap(),
        format!("Bearer {secret}")
    );
    let errand = json!({ "service": "bank", "method": "GET", "path": "/charges", "purpose": "" });
    let told = operator.post("/probe/errands", &json!([errand])).await;
    said += &String::from_utf8_lossy(&told.body);
    let everything = stored(&host).await;
    for text in [&said, &log.text(), &everything] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(everything.contains("sealed"), "the row was looked at");
}

/// Everything of the registry that the database holds.
async fn stored(host: &TestHost) -> String {
    use stoa_kernel::id::{CollectionName, TenantId};
    use stoa_kernel::store::Store as _;
    let unit = host.store.begin(&TenantId::platform()).await.unwrap();
    let mut text = String::new();
    for collection in ["secrets", "audit", "settings_changes"] {
        let name = CollectionName::new("registry", collection);
        let rows = stoa_kernel::records::all::<Value>(&*unit, &name, None)
            .await
            .unwrap();
        text.extend(rows.iter().map(|row| format!("{} {}", row.id, row.record)));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_replaced_without_a_gap() {
    let host = TestHost::builder().guest("probe").start().await;
    let operator = host.operator("olga");
    assert_eq!(mac(&operator).await, None);
    let _ = set(&operator, "hook", json!({ "value": "old" }))
        .await
        .expect(204);
    let old = mac(&operator).await.unwrap();
    let both = json!({ "value": "new", "keepBefore": true });
    let _ = set(&operator, "hook", both).await.expect(204);
    let verifies = async |signature: &str| {
        let signed = json!({ "message": "m", "signature": signature });
        let answer = operator.post("/probe/signatures/hook", &signed).await;
        answer.json_of(200)["verifies"].clone()
    };
    let new = mac(&operator).await.unwrap();
    assert_ne!(old, new);
    assert_eq!(
        (verifies(&old).await, verifies(&new).await),
        (json!(true), json!(true))
    );
    let _ = set(&operator, "hook", json!({ "value": "new" }))
        .await
        .expect(204);
    assert_eq!(
        (verifies(&old).await, verifies(&new).await),
        (json!(false), json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_and_the_next_start_know_the_secrets() {
    let host = TestHost::builder().guest("probe").start().await;
    let (admin, user) = people(&host, "acme");
    let _ = set(&admin, "hook", json!({ "value": "ours" }))
        .await
        .expect(204);
    let here = mac(&user).await.unwrap();
    let again = TestHost::builder()
        .beside(&host)
        .guest("probe")
        .start()
        .await;
    let there = mac(&again.account_in("acme", "u", Role::User)).await;
    assert_eq!(there, Some(here));
    assert_eq!(mac(&again.account_in("other", "u", Role::User)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sets_removes_or_lists_what_is_not_theirs() {
    let host = TestHost::builder().guest("probe").start().await;
    let ((admin, user), (rival, _)) = (people(&host, "acme"), people(&host, "rival"));
    let list = format!("{PROBE}/secrets");
    let value = json!({ "value": "x" });
    for (actor, status, code) in [
        (host.anonymous(), 401, "unauthenticated"),
        (user, 403, "forbidden"),
        (host.vendor("vera"), 403, "forbidden"),
    ] {
        let _ = actor.get(&list).await.problem(status, code);
        let _ = set(&actor, "hook", value.clone())
            .await
            .problem(status, code);
        let _ = remove(&actor, "hook", "").await.problem(status, code);
    }
    let _ = set(&admin, "hook", value.clone()).await.expect(204);
    let named = json!({ "value": "x", "tenant": "acme" });
    let _ = set(&rival, "hook", named).await.problem(404, "not-found");
    let _ = remove(&rival, "hook", "?tenant=acme")
        .await
        .problem(404, "not-found");
    let _ = remove(&rival, "hook", "").await.problem(404, "not-found");
    let _ = rival
        .get(&format!("{list}?tenant=acme"))
        .await
        .problem(404, "not-found");
    let seen = rival.get(&list).await.json_of(200);
    assert_eq!(seen["secrets"]["hook"]["set"], Value::Null);
    // What is left to operators is to admins as missing as what there is not.
    for secret in ["password", "nothing"] {
        let _ = set(&admin, secret, value.clone())
            .await
            .problem(404, "not-found");
        let _ = remove(&admin, secret, "").await.problem(404, "not-found");
    }
    let elsewhere = "/api/platform/plugins/nothing/secrets";
    let _ = rival.get(elsewhere).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_or_another_service_takes_no_credential_along_silently() {
    let service = Service::start().await;
    let host = TestHost::builder()
        .outbound("probe", "slow", &service.url())
        .secret("probe", "token", &["old-faithful"])
        .start()
        .await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    install(&operator, "0.1.0").await;
    let moved = super::changed("0.2.0", |package| {
        let bank = package.manifest.outbound.get_mut("bank").unwrap();
        bank.url = "https://elsewhere.example".into();
    });
    let shows = super::changed("0.3.0", |package| {
        // The same addresses and the same secrets, but this service is shown one that it was not.
        let bank = package.manifest.outbound.get("bank").unwrap().auth.clone();
        let slow = package.manifest.outbound.get_mut("slow").unwrap();
        slow.auth = bank;
        slow.timeout_ms = 5_000;
    });
    for (file, number, added) in [
        (
            moved,
            "0.2.0",
            json!([
                "outbound:bank=https://elsewhere.example",
                "sends:token=https://elsewhere.example"
            ]),
        ),
        (shows, "0.3.0", json!(["sends:token=https://slow.invalid"])),
    ] {
        publish(&host, file).await;
        let diff = operator
            .get(&format!("{PROBE}/diff?from=0.1.0&to={number}"))
            .await
            .json_of(200);
        assert_eq!(diff["permissions"]["added"], added);
        let waits = post(&operator, "activations", json!({ "version": number })).await;
        assert_eq!(waits.json_of(202)["outcome"], "waiting");
    }
    // Let in without that permission, it sends nothing.
    let row = operator.get(PROBE).await.json_of(200);
    let held = row["places"][0]["current"]["grants"].clone();
    let body = json!({ "version": "0.3.0", "grants": held });
    let _ = post(&operator, "activations", body).await.expect(201);
    let errand = json!({ "service": "slow", "method": "GET", "path": "/charges", "purpose": "" });
    let told = operator.post("/probe/errands", &json!([errand])).await;
    let _ = told.problem(502, "plugin-denied");
    assert!(service.asked().is_empty());
}
