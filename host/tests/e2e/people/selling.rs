//! Plugins say who may sell, and nothing else about people.

use serde_json::{Value, json};
use stoa_identity::organizations::Selling;
use stoa_kernel::directory::SELLING_CHANGED;
use stoa_kernel::event::HostSubscriber as _;
use stoa_kernel::identity::Role;

use super::{join, open, raised, tenant};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_makes_a_user_a_vendor_and_takes_that_back() {
    let host = open().await;
    let main = tenant("main");
    let selling = Selling::new(host.platform.clone(), main.clone());
    let (bob, of_bob) = join(&host, "bob", None).await;
    let set = async |id: &str, to: bool| {
        let path = format!("/people/sellers/{id}/{to}");
        host.anonymous().post(&path, &json!({})).await
    };
    let role = async || of_bob.get("/api/auth/me").await.json_of(200)["user"]["role"].clone();
    let _ = set(&bob, true).await.expect(204);
    assert_eq!(role().await, "user", "not before it is handled");
    let events = raised(&host, &main, SELLING_CHANGED).await;
    for _ in 0..2 {
        selling.handle(&main, &events[0]).await.unwrap();
        assert_eq!(role().await, "vendor");
    }
    let _ = set(&bob, false).await.expect(204);
    let events = raised(&host, &main, SELLING_CHANGED).await;
    for event in [&events[1], &events[0]] {
        selling.handle(&main, event).await.unwrap();
        assert_eq!(role().await, "user", "what is told again is no news");
    }
    let mut forged = events[1].clone();
    forged.plugin = "people".into();
    forged.id = "7".repeat(26);
    forged.payload = json!({ "account": bob, "selling": true }).to_string();
    selling.handle(&main, &forged).await.unwrap();
    assert_eq!(role().await, "user");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_those_who_are_more_than_sellers_stay_what_they_are() {
    let host = open().await;
    let (ada, of_ada) = join(&host, "ada", Some("Acme")).await;
    let (eve, _) = join(&host, "eve", Some("Rival")).await;
    let set = async |id: &str| {
        let path = format!("/people/sellers/{id}/true");
        of_ada.post(&path, &json!({})).await
    };
    for stranger in [eve.as_str(), "nobody"] {
        let _ = set(stranger).await.problem(404, "not-found");
    }
    let _ = set(&ada).await.problem(422, "unprocessable");
    let acme = tenant("acme");
    assert!(raised(&host, &acme, SELLING_CHANGED).await.is_empty());

    // Between the request and its event, somebody became more than that.
    let (bob, _) = join(&host, "bob", None).await;
    let main = tenant("main");
    let path = format!("/people/sellers/{bob}/true");
    let _ = host.anonymous().post(&path, &json!({})).await.expect(204);
    let boss = host.account("boss", Role::Admin);
    let user = format!("/api/admin/users/{bob}");
    let change = json!({ "role": "developer" });
    let _ = boss.put(&user, &change).await.expect(200);
    let events = raised(&host, &main, SELLING_CHANGED).await;
    let selling = Selling::new(host.platform.clone(), main.clone());
    selling.handle(&main, &events[0]).await.unwrap();
    let shown: Value = boss.get(&user).await.json_of(200);
    assert_eq!(shown["role"], "developer");
}
