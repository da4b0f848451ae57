//! The same through the dispatcher: from a plugin's request to what the host makes of it, and back to plugins.

use std::sync::Arc;

use http::Method;
use serde_json::json;
use stoa_identity::organizations::Selling;
use stoa_kernel::event::HostSubscriber;
use stoa_kernel::store::Store as _;

use super::letters::office;
use super::{PASSWORD, join, open, tenant};
use crate::events::until;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_asks_of_the_host_happens_after_its_request() {
    let host = open().await;
    let (ada, of_ada) = join(&host, "ada", Some("Acme")).await;
    let (bob, of_bob) = join(&host, "bob", None).await;
    let office = office(&host).await;
    let selling = Selling::new(host.platform.clone(), tenant("main"));
    let subscribers: Vec<Arc<dyn HostSubscriber>> = vec![
        host.plans.clone(),
        Arc::new(selling),
        office.letters.clone(),
    ];
    let _dispatcher = host.dispatch_to(subscribers, None).await;

    let letter = json!({ "account": ada, "subject": "Hello", "text": "You." });
    let _ = of_ada.post("/people/letters", &letter).await.expect(200);
    let nothing = json!({});
    let _ = of_ada.post("/people/plan/team", &nothing).await.expect(204);
    let sellers = format!("/people/sellers/{bob}/true");
    let _ = of_bob.post(&sellers, &nothing).await.expect(204);

    until("the plan is another", async || {
        let organization = of_ada.get("/api/organization").await.json_of(200);
        (organization["plan"] == "team").then_some(())
    })
    .await;
    until("he sells", async || {
        let me = of_bob.get("/api/auth/me").await.json_of(200);
        (me["user"]["role"] == "vendor").then_some(())
    })
    .await;
    let left = until("the letter has left", async || {
        let _ = office.mailer.tick().await;
        Some(office.left().await).filter(|left| !left.is_empty())
    });
    let expected = ("ada@example.com".to_owned(), "Hello".to_owned());
    assert_eq!(left.await, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_forgets_whoever_ends_their_account_in_every_tenant() {
    let host = open().await;
    let (id, in_acme) = join(&host, "ada", Some("Acme")).await;
    let login = json!({
        "email": "ada@example.com", "password": PASSWORD, "organization": "main",
    });
    let signed = host.anonymous().post("/api/auth/login", &login).await;
    let signed = signed.json_of(200);
    let in_main = host.bearer(signed["accessToken"].as_str().unwrap());
    for place in [&in_acme, &in_main] {
        let kept = json!({ "likes": "code" });
        let _ = place.put("/people/kept", &kept).await.expect(204);
    }
    let kept = stoa_kernel::id::CollectionName::new("people", "kept");
    let is_kept = async |of: &str| {
        let unit = host.store.begin(&tenant(of)).await.unwrap();
        unit.get(&kept, &id).await.unwrap().is_some()
    };
    assert!(is_kept("acme").await && is_kept("main").await);
    let body = json!({ "password": PASSWORD }).to_string();
    let erased = in_acme
        .send(Method::DELETE, "/api/auth/account", body)
        .await;
    let _ = erased.expect(204);

    let _dispatcher = host.dispatch().await;
    until("it is forgotten", async || {
        (!is_kept("acme").await && !is_kept("main").await).then_some(())
    })
    .await;
}
