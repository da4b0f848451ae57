//! API keys read and change nothing.

use serde_json::{Value, json};
use stoa_identity::records::Invitation;
use stoa_kernel::identity::Role;

use super::world::{Caller, refusal, refused, world};

#[tokio::test]
async fn a_key_of_an_admin_reads_and_is_refused_every_change() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    world.joined(&ada, "bob", Role::Admin).await;
    let invited = json!({"email": "ada@example.com", "role": "user"});
    let beta = world.founded("eve", "Beta").await;
    let eve = Caller::of("eve", Role::Admin, Some(&beta));
    world.post(&eve, "invite", invited).await.unwrap();
    let token = world.token_for("ada@example.com").await;
    let open = json!({"email": "carl@example.com", "role": "user"});
    world.post(&ada, "invite", open.clone()).await.unwrap();
    let invitation = Invitation::id(&acme, "carl@example.com");

    let key = ada.by_key();
    let mut changes = 0;
    for route in &stoa_kernel::service::Service::package(&*world.service)
        .manifest
        .routes
    {
        let handler = route.handler.as_str();
        if route.method == stoa_kernel::wit::Method::Get {
            let answer = world.on(&key, handler, "bob", Value::Null).await;
            assert_eq!(answer.unwrap().status, 200, "{handler}");
            continue;
        }
        let (id, body) = match handler {
            "change_organization" => ("", json!({"name": "Key's"})),
            "create_organization" => ("", json!({"name": "Key's"})),
            "switch_organization" => ("acme", Value::Null),
            "change_role" => ("bob", json!({"role": "user"})),
            "remove_member" => ("bob", Value::Null),
            "change_person" => ("bob", json!({"role": "user"})),
            "remove_person" => ("bob", Value::Null),
            "invite" => ("", open.clone()),
            "revoke_invitation" => (invitation.as_str(), Value::Null),
            "accept_invitation" => ("", json!({"token": token})),
            "leave_organization" => ("", Value::Null),
            unknown => unreachable!("{unknown} has no row"),
        };
        let answer = world.on(&key, handler, id, body).await;
        assert_eq!(refusal(answer), refused(403, "forbidden"), "{handler}");
        changes += 1;
    }
    assert_eq!(changes, 11);
}
