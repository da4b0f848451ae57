//! The host's own channel: members hear of their organisation, and nobody else does.

use serde_json::{Value, json};
use stoa_identity::organizations::set_plan;
use stoa_identity::records::Plan;
use stoa_kernel::id::{HOST_PLUGIN, TenantId};
use stoa_kernel::identity::Role;
use stoa_kernel::live::{Ear, Heard, Listener, Live as _, ORGANIZATION};
use stoa_kernel::plugins::Plugins as _;
use stoa_testkit::{Actor, TestHost};

use super::{message, next, principal, request};

const PASSWORD: &str = "correct horse battery";

async fn listen(host: &TestHost, tenant: &str, account: &str) -> Box<dyn Ear> {
    let listener = Listener {
        tenant: TenantId::parse(tenant).unwrap(),
        account: account.into(),
        session: None,
    };
    let mut ear = host.live.listen(listener).unwrap();
    let _ = ear.join(ORGANIZATION, None).await.unwrap();
    ear
}

async fn sign_up(host: &TestHost, name: &str, organization: &str) -> (String, Actor) {
    let body = json!({
        "email": format!("{name}@example.com"), "password": PASSWORD, "name": name,
        "organizationName": organization,
    });
    let signed = host.anonymous().post("/api/auth/signup", &body).await;
    let signed = signed.json_of(201);
    let actor = host.bearer(signed["accessToken"].as_str().unwrap());
    (signed["user"]["id"].as_str().unwrap().to_owned(), actor)
}

/// The next message of this name.
async fn told(ear: &mut Box<dyn Ear>, event: &str) -> Value {
    let (name, payload, number) = message(ear).await;
    assert_eq!((name.as_str(), number), (event, None), "{payload}");
    payload
}

#[tokio::test(flavor = "multi_thread")]
async fn members_hear_who_comes_and_goes_and_what_becomes_of_the_organisation() {
    let host = TestHost::builder().start().await;
    let (id, ada) = sign_up(&host, "ada", "Acme").await;
    let (bob_id, bob) = sign_up(&host, "bob", "Bobs").await;
    let mut ear = listen(&host, "acme", &id).await;
    let mut stranger = listen(&host, "bobs", "dan").await;

    let change = json!({ "name": "Acme & Co" });
    let _ = ada.patch("/api/organization", &change).await.expect(200);
    let renamed = told(&mut ear, "organization.changed").await;
    assert_eq!(renamed, json!({ "name": "Acme & Co" }));

    let invitation = json!({ "email": "bob@example.com", "role": "viewer" });
    let _ = ada.post("/api/invitations", &invitation).await.expect(201);
    let link = host.letter("bob@example.com", "invitation", "link").await;
    let (_, token) = link.split_once("token=").unwrap();
    let accept = json!({ "token": token });
    let _ = bob
        .post("/api/invitations/accept", &accept)
        .await
        .expect(200);
    let joined = told(&mut ear, "member.joined").await;
    assert_eq!(joined, json!({ "userId": bob_id, "role": "viewer" }));
    let accepted = told(&mut ear, "invitation.accepted").await;
    assert_eq!(accepted["userId"], json!(bob_id));

    let mut of_bob = listen(&host, "acme", &bob_id).await;
    let path = format!("/api/users/{bob_id}/role");
    let role = json!({ "role": "developer" });
    let _ = ada.patch(&path, &role).await.expect(200);
    let changed = told(&mut ear, "member.changed").await;
    let expected = json!({ "userId": bob_id, "role": "developer", "suspended": false });
    assert_eq!(changed, expected);
    assert!(
        matches!(next(&mut of_bob).await, Heard::End(_)),
        "comes back as a developer"
    );

    let acme = TenantId::parse("acme").unwrap();
    set_plan(&host.platform, &acme, Plan::Team).await.unwrap();
    assert_eq!(
        told(&mut ear, "plan.changed").await,
        json!({ "plan": "team" })
    );

    let path = format!("/api/users/{bob_id}");
    let _ = ada.delete(&path).await.expect(204);
    assert_eq!(
        told(&mut ear, "member.left").await,
        json!({ "userId": bob_id })
    );

    let change = json!({ "name": "Bobs Ltd" });
    let _ = bob.patch("/api/organization", &change).await.expect(200);
    let own = told(&mut stranger, "organization.changed").await;
    assert_eq!(
        own,
        json!({ "name": "Bobs Ltd" }),
        "and of no other organisation"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_may_listen_and_nobody_may_speak() {
    let host = TestHost::builder().start().await;
    let snapshot = host.runtime.snapshot();
    let channel = snapshot.channel(ORGANIZATION).unwrap();
    assert_eq!(
        (&*channel.plugin, channel.channel.greet),
        (HOST_PLUGIN, true)
    );
    let ada = principal("ada", Role::Viewer);
    channel.may_join(&ada).unwrap();
    assert_eq!(
        channel.may_join(&Default::default()).unwrap_err().status,
        401
    );
    let joined = snapshot.join(&channel, request(ada.clone(), "")).await;
    assert_eq!(joined.unwrap(), None);
    let said = snapshot.say(&channel, "say", request(ada, "1")).await;
    assert_eq!(said.unwrap_err().status, 404);
}
