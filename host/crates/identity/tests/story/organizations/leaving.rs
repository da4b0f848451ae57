//! Out of an organisation.

use serde_json::Value;
use stoa_identity::records::{Account, Key, Session};
use stoa_kernel::identity::Role;

use super::world::{Caller, PARALLEL, mutual, refusal, refused, successes, world};

#[tokio::test]
async fn who_is_removed_loses_keys_sessions_and_home_there_and_nothing_else() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let beta = world.founded("bob", "Beta").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    world.joined(&ada, "bob", Role::Developer).await;
    let mut account: Account = world.get("bob").await.unwrap();
    account.home = Some(acme.clone());
    world.put("bob", &account).await;
    world.key("there", "bob", &acme, Role::Developer).await;
    world.key("elsewhere", "bob", &beta, Role::Admin).await;
    world.key("adas", "ada", &acme, Role::Admin).await;
    world.session("there", "bob", Some(&acme)).await;
    world.session("elsewhere", "bob", Some(&beta)).await;
    world.session("adas", "ada", Some(&acme)).await;

    let answer = world
        .on(&ada, "remove_member", "bob", Value::Null)
        .await
        .unwrap();
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert!(world.membership(&acme, "bob").await.is_none());
    assert!(world.membership(&beta, "bob").await.is_some());
    assert_eq!(world.organization(&acme).await.members, 1);
    assert!(world.get::<Key>("there").await.is_none());
    assert!(world.get::<Session>("there").await.is_none());
    for id in ["elsewhere", "adas"] {
        assert!(world.get::<Key>(id).await.is_some(), "{id}");
        assert!(world.get::<Session>(id).await.is_some(), "{id}");
    }
    assert_eq!(world.get::<Account>("bob").await.unwrap().home, None);
    let again = world.on(&ada, "remove_member", "bob", Value::Null).await;
    assert_eq!(refusal(again), refused(404, "not-found"));
}

#[tokio::test]
async fn a_member_leaves_and_the_last_admin_does_not() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let bob = world.joined(&ada, "bob", Role::User).await;
    let left = world.post(&bob, "leave_organization", Value::Null).await;
    assert_eq!(left.unwrap().status, 204);
    assert!(world.membership(&acme, "bob").await.is_none());
    let again = world.post(&bob, "leave_organization", Value::Null).await;
    assert_eq!(refusal(again), refused(404, "not-found"));

    let left = world.post(&ada, "leave_organization", Value::Null).await;
    assert_eq!(refusal(left), refused(409, "last-admin"));
    let removed = world.on(&ada, "remove_member", "ada", Value::Null).await;
    assert_eq!(refusal(removed), refused(409, "last-admin"));
    assert!(world.membership(&acme, "ada").await.is_some());
    assert_eq!(world.organization(&acme).await.admins, 1);
}

#[tokio::test]
async fn foreign_and_missing_members_look_the_same() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let beta = world.founded("eve", "Beta").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let foreign = world.on(&ada, "remove_member", "eve", Value::Null).await;
    let missing = world.on(&ada, "remove_member", "nobody", Value::Null).await;
    assert_eq!(foreign, missing);
    assert_eq!(refusal(missing), refused(404, "not-found"));
    assert!(world.membership(&beta, "eve").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_admins_who_remove_each_other_exactly_one_succeeds() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let bob = world.joined(&ada, "bob", Role::Admin).await;
    let attempts = mutual((&ada, "ada"), (&bob, "bob"), &Value::Null);
    let answers = world.race("remove_member", attempts).await;
    assert_eq!(successes(answers, &["forbidden", "not-found"]), 1);
    let organization = world.organization(&acme).await;
    assert_eq!((organization.members, organization.admins), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_admins_who_leave_at_once_one_stays() {
    let world = world().await;
    let acme = world.founded("ada", "Acme").await;
    let ada = Caller::of("ada", Role::Admin, Some(&acme));
    let mut admins = vec![ada.clone()];
    for id in ["bob", "carl", "dora"] {
        admins.push(world.joined(&ada, id, Role::Admin).await);
    }
    let attempt = |n: usize| (admins[n % 4].clone(), None, Value::Null);
    let answers = world
        .race("leave_organization", (0..PARALLEL).map(attempt))
        .await;
    assert_eq!(successes(answers, &["last-admin", "not-found"]), 3);
    let organization = world.organization(&acme).await;
    assert_eq!((organization.members, organization.admins), (1, 1));
}
