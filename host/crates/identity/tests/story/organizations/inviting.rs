//! Invitations from the admins' side.

use serde_json::{Value, json};
use stoa_identity::records::Invitation;
use stoa_kernel::hex::hex;
use stoa_kernel::identity::Role;

use super::world::{Caller, body, refusal, refused, world};

fn eve() -> Value {
    json!({"email": "Eve@Example.com", "role": "vendor"})
}

#[tokio::test]
async fn an_invitation_is_a_letter_with_a_link_and_the_token_is_nowhere_else() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let answer = world.post(&ada, "invite", eve()).await.unwrap();
    assert_eq!(answer.status, 201);
    let invited = body(Ok(answer.clone()));
    let id = Invitation::id(&acme, "eve@example.com");
    assert_eq!(
        invited,
        json!({"id": id, "email": "eve@example.com", "role": "vendor", "invitedBy": "ada",
            "createdAt": "2026-01-01T00:00:00.000Z", "expiresAt": "2026-01-08T00:00:00.000Z"})
    );

    let letters = world.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["to"], "eve@example.com");
    assert_eq!(letters[0]["template"], "invitation");
    let values = &letters[0]["values"];
    assert_eq!(values["organization"], "Acme");
    assert_eq!(values["inviter"], "ADA");
    assert_eq!(values["role"], "vendor");
    assert_eq!(values["expiresAt"], invited["expiresAt"]);
    let token = world.token_for("eve@example.com").await;
    assert_eq!(
        values["link"],
        format!("https://shop.example/invitations/accept#token={token}")
    );
    assert!(token.len() >= 43, "32 random bytes in base64");

    let stored: Invitation = world.get(&id).await.unwrap();
    let list = body(world.get_from(&ada, "list_invitations", "").await);
    let everything = format!("{}{list}{invited}", serde_json::to_string(&stored).unwrap());
    assert!(!everything.contains(&token));
    assert!(!everything.contains(&hex(token.as_bytes())));
    assert!(
        !list.to_string().contains(&stored.token),
        "the digest stays inside"
    );
}

#[tokio::test]
async fn admins_list_and_take_back_what_is_open() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let invited = body(world.post(&ada, "invite", eve()).await);
    let id = invited["id"].as_str().unwrap();
    let list = body(world.get_from(&ada, "list_invitations", "").await);
    assert_eq!(
        list,
        json!({"items": [invited], "total": 1, "limit": 20, "offset": 0})
    );

    let token = world.token_for("eve@example.com").await;
    let revoked = world.on(&ada, "revoke_invitation", id, Value::Null).await;
    assert_eq!(revoked.unwrap().status, 204);
    let list = body(world.get_from(&ada, "list_invitations", "").await);
    assert_eq!(list["total"], 0);
    assert_eq!(
        world
            .organization(&acme)
            .await
            .open_invitations(world.now()),
        0
    );
    let accept = json!({"token": token, "name": "Eve", "password": "secret"});
    let answer = world
        .post(&Caller::nobody(), "accept_invitation", accept)
        .await;
    assert_eq!(refusal(answer), refused(404, "not-found"));
    let again = world.on(&ada, "revoke_invitation", id, Value::Null).await;
    assert_eq!(refusal(again), refused(404, "not-found"));
}

#[tokio::test]
async fn foreign_and_missing_invitations_look_the_same() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let beta = world.founded("bob", "Beta").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let bob = Caller::of("bob", Role::Admin, Some(&beta));
    let invited = body(world.post(&ada, "invite", eve()).await);
    let id = invited["id"].as_str().unwrap();
    let foreign = world.on(&bob, "revoke_invitation", id, Value::Null).await;
    let missing = world
        .on(&bob, "revoke_invitation", "missing", Value::Null)
        .await;
    assert_eq!(foreign, missing);
    assert_eq!(refusal(missing), refused(404, "not-found"));
    let list = body(world.get_from(&bob, "list_invitations", "").await);
    assert_eq!(list["total"], 0);
    let list = body(world.get_from(&ada, "list_invitations", "").await);
    assert_eq!(list["total"], 1);
}

#[tokio::test]
async fn inviting_again_replaces_what_was_sent_before() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    body(world.post(&ada, "invite", eve()).await);
    let old = world.token_for("eve@example.com").await;
    world.host.clock.advance(1);
    let again = json!({"email": " eve@example.com", "role": "user"});
    body(world.post(&ada, "invite", again).await);
    let new = world.token_for("eve@example.com").await;
    assert_ne!(old, new);
    let list = body(world.get_from(&ada, "list_invitations", "").await);
    assert_eq!(list["total"], 1);
    assert_eq!(list["items"][0]["role"], "user");
    assert_eq!(
        world
            .organization(&acme)
            .await
            .open_invitations(world.now()),
        1
    );

    let accept = |token| json!({"token": token, "name": "Eve", "password": "secret"});
    let answer = world
        .post(&Caller::nobody(), "accept_invitation", accept(old))
        .await;
    assert_eq!(refusal(answer), refused(404, "not-found"));
    let answer = world
        .post(&Caller::nobody(), "accept_invitation", accept(new))
        .await;
    assert_eq!(body(answer)["role"], "user");
}

#[tokio::test]
async fn who_is_a_member_is_not_invited() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let invited = json!({"email": "ADA@example.com", "role": "user"});
    let answer = world.post(&ada, "invite", invited).await;
    assert_eq!(refusal(answer), refused(409, "already-member"));
    assert!(world.letters().await.is_empty());
}

#[tokio::test]
async fn what_can_not_be_invited_is_refused() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    for bad in [
        json!({"email": "eve", "role": "user"}),
        json!({"email": "eve@example.com\nbcc: x@y.z", "role": "user"}),
        json!({"email": "eve@example.com", "role": "worker"}),
        json!({"email": "eve@example.com", "role": "owner"}),
        json!({"email": "eve@example.com"}),
        json!({"email": "eve@example.com", "role": "user", "tenant": "beta"}),
    ] {
        let answer = world.post(&ada, "invite", bad).await;
        assert_eq!(refusal(answer), refused(400, "invalid-request"));
    }
    assert!(world.letters().await.is_empty());
}

#[tokio::test]
async fn an_admin_whose_role_was_taken_meanwhile_is_refused() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    world.joined(&ada, "bob", Role::Viewer).await;
    let invited = body(world.post(&ada, "invite", eve()).await);
    let late = Caller::of("bob", Role::Admin, Some(&acme));
    let answer = world.post(&late, "invite", eve()).await;
    assert_eq!(refusal(answer), refused(403, "forbidden"));
    let id = invited["id"].as_str().unwrap();
    let answer = world.on(&late, "revoke_invitation", id, Value::Null).await;
    assert_eq!(refusal(answer), refused(403, "forbidden"));
    let answer = world.on(&late, "remove_member", "ada", Value::Null).await;
    assert_eq!(refusal(answer), refused(403, "forbidden"));
    let answer = world
        .on(&late, "change_role", "ada", json!({"role": "user"}))
        .await;
    assert_eq!(refusal(answer), refused(403, "forbidden"));
}
