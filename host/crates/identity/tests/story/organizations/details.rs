//! The caller's organisation: what it is, and changing it.

use serde_json::json;
use stoa_kernel::identity::{Credential, Role};

use super::world::{Caller, body, refusal, refused, tenant, world};

#[tokio::test]
async fn members_see_plan_limits_usage_and_their_role() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let bob = world.joined(&ada, "bob", Role::Viewer).await;
    let invited = json!({"email": "eve@example.com", "role": "user"});
    world.post(&ada, "invite", invited).await.unwrap();
    let expected = |role: &str| {
        json!({
            "id": "acme", "name": "Acme", "plan": "free", "settings": {}, "role": role,
            "limits": {"members": 5, "products": 100, "requestsPerMinute": 100, "storageBytes": 1_073_741_824, "runningTests": 2},
            "usage": {"members": 2, "openInvitations": 1},
            "createdAt": "2026-01-01T00:00:00.000Z",
        })
    };
    assert_eq!(
        body(world.get_from(&ada, "show_organization", "").await),
        expected("admin")
    );
    assert_eq!(
        body(world.get_from(&bob, "show_organization", "").await),
        expected("viewer")
    );
}

#[tokio::test]
async fn an_admin_changes_name_and_settings() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let change = json!({"name": "Acme 2", "settings": {"theme": {"dark": true}, "n": null}});
    let changed = body(
        world
            .post(&ada, "change_organization", change.clone())
            .await,
    );
    assert_eq!(changed["name"], change["name"]);
    assert_eq!(changed["settings"], change["settings"]);
    let change = json!({"settings": {"a": 1}});
    let changed = body(world.post(&ada, "change_organization", change).await);
    assert_eq!(changed["name"], "Acme 2");
    assert_eq!(changed["settings"], json!({"a": 1}));
    assert_eq!(
        body(world.get_from(&ada, "show_organization", "").await),
        changed
    );
}

#[tokio::test]
async fn what_can_not_be_is_refused_and_changes_nothing() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    for bad in [
        json!({"name": " "}),
        json!({"settings": []}),
        json!({"settings": {"a": "x".repeat(16 << 10)}}),
        json!({"settings": {"a": u64::MAX}}),
        json!({"plan": "enterprise"}),
        json!({"admins": 0}),
    ] {
        let answer = world.post(&ada, "change_organization", bad).await;
        assert_eq!(refusal(answer), refused(400, "invalid-request"));
    }
    let organization = world.organization(&acme).await;
    assert_eq!(organization.name, "Acme");
    assert!(organization.settings.is_empty());
}

#[tokio::test]
async fn an_admin_whose_role_was_taken_meanwhile_is_refused() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let bob = world.joined(&ada, "bob", Role::Viewer).await;
    let late = Caller::of("bob", Role::Admin, Some(&acme));
    let answer = world
        .post(&late, "change_organization", json!({"name": "Bob's"}))
        .await;
    assert_eq!(refusal(answer), refused(403, "forbidden"));
    assert_eq!(world.organization(&acme).await.name, "Acme");

    // Development tokens have their role without a membership.
    let development = bob.with(Credential::Development);
    let answer = world
        .post(&development, "change_organization", json!({"name": "Dev"}))
        .await;
    assert_eq!(body(answer)["name"], "Dev");
}

#[tokio::test]
async fn no_organisation_and_a_missing_one_look_the_same() {
    let world = world().await;
    world.founded("ada", "Acme").await;
    let nowhere = Caller::of("ada", Role::User, None);
    let missing = Caller::of("ada", Role::Admin, Some(&tenant("missing")));
    for handler in ["show_organization", "list_members", "list_invitations"] {
        let (one, other) = (
            world.get_from(&nowhere, handler, "").await,
            world.get_from(&missing, handler, "").await,
        );
        assert_eq!(one, other);
        assert_eq!(refusal(one), refused(404, "not-found"));
    }
    let anonymous = world
        .get_from(&Caller::nobody(), "show_organization", "")
        .await;
    assert_eq!(refusal(anonymous), refused(401, "unauthenticated"));
}
