//! New organisations and their tenant ids.

use std::collections::BTreeSet;

use serde_json::json;
use stoa_identity::organizations::found;
use stoa_identity::records::{Founder, Organization};
use stoa_kernel::identity::Role;

use super::world::{Caller, PARALLEL, body, refusal, refused, successes, world};

#[tokio::test]
async fn a_founder_is_the_admin_of_what_the_name_says() {
    let world = world().await;
    let tenant = world.founded("ada", " Acme & Sons ").await;
    assert_eq!(tenant.as_str(), "acme-sons");
    let organization = world.organization(&tenant).await;
    assert_eq!(organization.name, "Acme & Sons");
    assert_eq!((organization.members, organization.admins), (1, 1));
    let membership = world.membership(&tenant, "ada").await.unwrap();
    assert_eq!(membership.role, Role::Admin);
    assert_eq!(membership.created_at, world.now());
}

#[tokio::test]
async fn a_taken_or_reserved_id_gets_a_suffix() {
    let world = world().await;
    world.founded("ada", "Acme").await;
    for (name, slug) in [
        ("Acme", "acme"),
        ("Default", "default"),
        ("株式会社", "org"),
        ("Shop of the house", "shop-of-the-house"),
    ] {
        let tenant = world.founded("ada", name).await;
        let suffix = tenant.as_str().strip_prefix(&format!("{slug}-"));
        assert_eq!(suffix.map(str::len), Some(6), "{tenant}");
        assert_eq!(world.organization(&tenant).await.name, name);
    }
}

#[tokio::test]
async fn nothing_is_founded_when_the_callers_unit_fails() {
    let world = world().await;
    let platform = &world.platform;
    let failing = platform.transact(|unit| async move {
        found(platform, &unit, "ada", "Acme").await?;
        Err::<(), _>(stoa_kernel::error::Problem::forbidden())
    });
    assert!(failing.await.is_err());
    assert!(world.get::<Organization>("acme").await.is_none());
    assert!(world.get::<Founder>("ada").await.is_none());
}

#[tokio::test]
async fn the_route_makes_one_and_says_so() {
    let world = world().await;
    world.person("ada").await;
    let ada = Caller::of("ada", Role::User, None);
    let made = body(
        world
            .post(&ada, "create_organization", json!({"name": "Acme"}))
            .await,
    );
    assert_eq!(
        made,
        json!({"id": "acme", "name": "Acme", "role": "admin", "plan": "free", "current": false,
            "joinedAt": "2026-01-01T00:00:00.000Z"})
    );
    for bad in [
        json!({}),
        json!({"name": ""}),
        json!({"name": 1}),
        json!({"name": "x", "plan": "team"}),
    ] {
        let answer = world.post(&ada, "create_organization", bad).await;
        assert_eq!(refusal(answer), refused(400, "invalid-request"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_founds_ten_even_when_it_tries_more_at_once() {
    let world = world().await;
    world.person("ada").await;
    let ada = Caller::of("ada", Role::User, None);
    let attempt = |_| (ada.clone(), None, json!({"name": "Acme"}));
    let answers = world
        .race("create_organization", (0..PARALLEL).map(attempt))
        .await;
    assert_eq!(successes(answers, &["too-many-organizations"]), 10);
    let list = body(world.get_from(&ada, "list_organizations", "").await);
    assert_eq!(list["total"], 10);
    let items = list["items"].as_array().unwrap();
    let ids: BTreeSet<&str> = items
        .iter()
        .filter_map(|item| item["id"].as_str())
        .collect();
    assert_eq!(ids.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_found_the_same_name_at_once_get_organisations_of_their_own() {
    let world = world().await;
    for n in 0..PARALLEL {
        world.person(&format!("founder-{n}")).await;
    }
    let attempts = (0..PARALLEL).map(|n| {
        let caller = Caller::of(&format!("founder-{n}"), Role::User, None);
        (caller, None, json!({"name": "Acme"}))
    });
    let answers = world.race("create_organization", attempts).await;
    let ids: BTreeSet<String> = answers
        .into_iter()
        .map(|answer| body(answer)["id"].to_string())
        .collect();
    assert_eq!(ids.len(), PARALLEL);
    assert!(ids.contains("\"acme\""), "{ids:?}");
}
