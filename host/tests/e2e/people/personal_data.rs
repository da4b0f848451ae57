//! What plugins keep about people: taken along, and forgotten.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::Store as _;
use stoa_testkit::TestHost;

use super::{PASSWORD, join, open, tenant};
use crate::deployed::{deploy, guest, of_tenant};
use crate::events::until;

#[tokio::test(flavor = "multi_thread")]
async fn what_plugins_keep_is_taken_along() {
    let host = open().await;
    let (_, ada) = join(&host, "ada", Some("Acme")).await;
    let (_, bob) = join(&host, "bob", None).await;
    let _ = bob
        .put("/people/kept", &json!({ "likes": "tea" }))
        .await
        .expect(204);
    let export = ada.get("/api/auth/export").await.json_of(200);
    assert_eq!(export["data"], json!({}), "nothing of hers is kept");

    let _ = ada
        .put("/people/kept", &json!({ "likes": "code" }))
        .await
        .expect(204);
    let export = ada.get("/api/auth/export").await.json_of(200);
    assert_eq!(
        export["data"],
        json!({ "people": { "acme": { "likes": "code" } } })
    );
    let export = bob.get("/api/auth/export").await.json_of(200);
    assert_eq!(
        export["data"],
        json!({ "people": { "main": { "likes": "tea" } } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_can_not_tell_fails_the_whole_export_and_shows_nothing() {
    let host = open().await;
    let (_, ada) = join(&host, "ada", None).await;
    let broken = json!({ "broken": true });
    let _ = ada.put("/people/kept", &broken).await.expect(204);
    let answer = ada.get("/api/auth/export").await;
    let told = answer.problem(503, "unavailable");
    assert!(!told.to_string().contains("broken"), "{told}");
    let _ = ada.put("/people/kept", &json!({})).await.expect(204);
    let _ = ada.get("/api/auth/export").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_an_account_is_told_to_each_of_its_tenants() {
    let host = open().await;
    let (id, ada) = join(&host, "ada", Some("Acme")).await;
    let body = json!({ "password": PASSWORD }).to_string();
    let erased = ada.send(Method::DELETE, "/api/auth/account", body).await;
    let _ = erased.expect(204);
    let platform = TenantId::platform();
    let waiting = host.store.outbox(&platform, None, 1_000);
    let mut told: Vec<(String, Value)> = Vec::new();
    for event in waiting.await.unwrap() {
        if event.name == "user.erased" {
            let payload = serde_json::from_str(&event.payload).unwrap();
            told.push((event.tenant.unwrap().to_string(), payload));
        }
    }
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let payload = json!({ "userId": id });
    assert_eq!(
        told,
        [
            ("acme".to_owned(), payload.clone()),
            ("main".to_owned(), payload)
        ]
    );
}

/// What serves one organisation alone keeps data as any other plugin does: it is taken along, and forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_of_one_tenant_alone_tells_and_forgets_as_well() {
    let host = TestHost::builder().start().await;
    let (id, ada) = join(&host, "ada", Some("Acme")).await;
    let (_, bob) = join(&host, "bob", Some("Other")).await;
    let installed = deploy(&host, of_tenant("acme"), guest("people", |_| {})).await;
    installed.unwrap();
    let likes = json!({ "likes": "code" });
    let _ = ada.put("/people/kept", &likes).await.expect(204);
    let _ = bob.put("/people/kept", &likes).await.expect(404);
    let export = ada.get("/api/auth/export").await.json_of(200);
    assert_eq!(export["data"], json!({ "people": { "acme": likes } }));
    let export = bob.get("/api/auth/export").await.json_of(200);
    assert_eq!(export["data"], json!({}));

    let kept = CollectionName::new("people", "kept");
    let is_kept = async || {
        let unit = host.store.begin(&tenant("acme")).await.unwrap();
        unit.get(&kept, &id).await.unwrap().is_some()
    };
    assert!(is_kept().await);
    let body = json!({ "password": PASSWORD }).to_string();
    let erased = ada.send(Method::DELETE, "/api/auth/account", body).await;
    let _ = erased.expect(204);
    let _dispatcher = host.dispatch().await;
    until("it is forgotten", async || (!is_kept().await).then_some(())).await;
}
