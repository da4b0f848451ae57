//! Changing what a member may do.

use serde_json::json;
use stoa_identity::records::Key;
use stoa_kernel::identity::Role;

use super::world::{Caller, body, mutual, refusal, refused, successes, world};

#[tokio::test]
async fn an_admin_changes_a_role_and_the_admins_are_counted() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    world.joined(&ada, "bob", Role::Viewer).await;
    for (role, admins) in [("admin", 2), ("admin", 2), ("artist", 1), ("developer", 1)] {
        let answer = world
            .on(&ada, "change_role", "bob", json!({"role": role}))
            .await;
        let expected = if role == "artist" { "vendor" } else { role };
        let member = body(answer);
        assert_eq!(member["role"], expected);
        assert_eq!(member["email"], "bob@example.com");
        assert_eq!(world.organization(&acme).await.admins, admins);
    }
    assert_eq!(
        world.membership(&acme, "bob").await.unwrap().role,
        Role::Developer
    );
    assert_eq!(world.organization(&acme).await.members, 2);
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let answer = world
        .on(&ada, "change_role", "ada", json!({"role": "user"}))
        .await;
    assert_eq!(refusal(answer), refused(409, "last-admin"));
    assert_eq!(
        world.membership(&acme, "ada").await.unwrap().role,
        Role::Admin
    );
}

#[tokio::test]
async fn no_person_is_a_machine() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    world.joined(&ada, "bob", Role::Viewer).await;
    for bad in [json!({"role": "worker"}), json!({"role": "god"}), json!({})] {
        let answer = world.on(&ada, "change_role", "bob", bad).await;
        assert_eq!(refusal(answer), refused(400, "invalid-request"));
    }
}

#[tokio::test]
async fn foreign_missing_and_impossible_members_look_the_same() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    world.founded("eve", "Beta").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let missing = world
        .on(&ada, "change_role", "nobody", json!({"role": "user"}))
        .await;
    assert_eq!(refusal(missing.clone()), refused(404, "not-found"));
    for id in ["eve", "", " ", "a\u{0}b", &"x".repeat(500)] {
        let answer = world
            .on(&ada, "change_role", id, json!({"role": "user"}))
            .await;
        assert_eq!(answer, missing, "{id:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_admins_who_demote_each_other_one_stays() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let bob = world.joined(&ada, "bob", Role::Admin).await;
    let demotion = json!({"role": "user"});
    let attempts = mutual((&ada, "ada"), (&bob, "bob"), &demotion);
    // Whoever comes after the first is no admin any more, or finds what they wanted done already.
    let answers = world.race("change_role", attempts).await;
    assert!(successes(answers, &["forbidden", "last-admin"]) >= 1);
    assert_eq!(world.organization(&acme).await.admins, 1);
    let mut admins = 0;
    for id in ["ada", "bob"] {
        let membership = world.membership(&acme, id).await.unwrap();
        admins += u32::from(membership.role == Role::Admin);
    }
    assert_eq!(admins, 1);
}

#[tokio::test]
async fn keys_lose_what_their_maker_lost() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let beta = world.founded("bob", "Beta").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    world.joined(&ada, "bob", Role::Admin).await;
    world.key("bobs", "bob", &acme, Role::Admin).await;
    world.key("machine", "bob", &acme, Role::Worker).await;
    world.key("elsewhere", "bob", &beta, Role::Admin).await;
    world.key("adas", "ada", &acme, Role::Admin).await;
    let answer = world
        .on(&ada, "change_role", "bob", json!({"role": "viewer"}))
        .await;
    body(answer);
    for (id, role) in [
        ("bobs", Role::Viewer),
        ("machine", Role::Worker),
        ("elsewhere", Role::Admin),
        ("adas", Role::Admin),
    ] {
        assert_eq!(world.get::<Key>(id).await.unwrap().role, role, "{id}");
    }
}
