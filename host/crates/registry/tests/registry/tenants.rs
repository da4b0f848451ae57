//! What organisations' admins can do for their own tenant.

use stoa_kernel::deployment::Scope;
use stoa_kernel::status::Part as _;
use stoa_registry::{Change, Grants};

use crate::support::{World, install, operator, tenant, told, words, world};

const MORE: &str = "capabilities = [\"storage\", \"mail\"]";

/// A world in which an operator has offered so much of a plugin.
async fn offered(grants: &[&str]) -> (World, String) {
    let world = world().await;
    let digest = world.publish("1.0.0", MORE).await;
    let offer = Change::Offer {
        digest: digest.clone(),
        grants: Grants::These(words(grants)),
    };
    world.deploy(offer).await.unwrap();
    assert_eq!(world.serving(), None, "an offer activates nothing");
    (world, digest)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_grants_what_an_operator_has_granted() {
    let (world, digest) = offered(&["capability:storage"]).await;
    let (admin, scope) = tenant("acme");
    let answer = world
        .switch(admin.clone(), &scope, install(&digest, Grants::All))
        .await;
    assert_eq!(told(answer), (403, "grant-denied".into()));
    let some = Grants::These(words(&["capability:storage"]));
    let row = world
        .switch(admin.clone(), &scope, install(&digest, some))
        .await
        .unwrap();
    assert!(!row.by_operator);
    assert_eq!(world.serves(&scope).unwrap().digest, digest);
    assert_eq!(world.serving(), None, "nobody else is served");
    let more = Change::Grant(words(&["capability:mail", "capability:storage"]));
    let answer = world.switch(admin.clone(), &scope, more.clone()).await;
    assert_eq!(told(answer), (403, "grant-denied".into()));
    // What waits for an operator, an operator approves.
    world.switch(operator(), &scope, more).await.unwrap();
    assert_eq!(world.serves(&scope).unwrap().grants.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_takes_back_is_lost_and_no_rollback_brings_it_back() {
    let (world, digest) = offered(&["capability:mail", "capability:storage"]).await;
    let (admin, scope) = tenant("acme");
    let change = install(&digest, Grants::All);
    world.switch(admin.clone(), &scope, change).await.unwrap();
    let offer = |grants: &[&str]| Change::Offer {
        digest: digest.clone(),
        grants: Grants::These(words(grants)),
    };
    world.deploy(offer(&["capability:storage"])).await.unwrap();
    let left = words(&["capability:storage"]);
    assert_eq!(world.serves(&scope).unwrap().grants, left);
    let row = world.switch(admin, &scope, Change::Rollback).await.unwrap();
    assert_eq!(row.grants, left);
    assert_eq!(world.serves(&scope).unwrap().grants, left);
    world.deploy(offer(&[])).await.unwrap();
    assert_eq!(world.serves(&scope).unwrap().grants, words(&[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_upgrade_for_everybody_is_denied_tenants_lose() {
    let (world, digest) = offered(&[]).await;
    world.deploy(install(&digest, Grants::All)).await.unwrap();
    let (admin, scope) = tenant("acme");
    let change = install(&digest, Grants::All);
    world.switch(admin, &scope, change).await.unwrap();

    // What the deployment's version needs no more, theirs may still need.
    let simpler = world.publish("1.1.0", "capabilities = [\"mail\"]").await;
    world.deploy(install(&simpler, Grants::All)).await.unwrap();
    assert_eq!(world.serves(&scope).unwrap().grants.len(), 2);
    let denied = world.publish("1.2.0", MORE).await;
    let some = Grants::These(words(&["capability:storage"]));
    world.deploy(install(&denied, some)).await.unwrap();
    let left = words(&["capability:storage"]);
    assert_eq!(world.serves(&scope).unwrap().grants, left);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_while_a_version_is_disabled_does_not_come_back_with_it() {
    let (world, digest) = offered(&["capability:mail", "capability:storage"]).await;
    let (admin, scope) = tenant("acme");
    let switch = async |change: Change| {
        let switched = world.switch(admin.clone(), &scope, change).await;
        switched.unwrap().grants
    };
    switch(install(&digest, Grants::All)).await;
    switch(Change::Disable).await;
    let offer = |grants: &[&str]| Change::Offer {
        digest: digest.clone(),
        grants: Grants::These(words(grants)),
    };
    world.deploy(offer(&["capability:storage"])).await.unwrap();
    let left = words(&["capability:storage"]);
    assert_eq!(switch(Change::Enable).await, left);
    assert_eq!(world.serves(&scope).unwrap().grants, left);

    // What an operator has given this tenant alone stays.
    let own = Change::Grant(words(&["capability:mail", "capability:storage"]));
    world.switch(operator(), &scope, own).await.unwrap();
    switch(Change::Disable).await;
    world.deploy(offer(&[])).await.unwrap();
    assert_eq!(switch(Change::Enable).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tenants_have_in_trouble_is_theirs_to_know() {
    let (world, digest) = offered(&["capability:mail", "capability:storage"]).await;
    let (admin, scope) = tenant("acme");
    let change = install(&digest, Grants::All);
    world.switch(admin, &scope, change).await.unwrap();
    world.revoke(&digest).await;
    assert!(world.serves(&scope).is_none());
    let detail = world.registry.status().detail.unwrap();
    assert!(detail.contains("1 of tenants"), "{detail}");
    assert!(!detail.contains("acme"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_disables_an_admin_does_not_enable() {
    let (world, digest) = offered(&["capability:mail", "capability:storage"]).await;
    let (admin, scope) = tenant("acme");
    let change = install(&digest, Grants::All);
    let switch = async |change: &Change| {
        world
            .switch(admin.clone(), &scope, change.clone())
            .await
            .map(drop)
    };
    switch(&change).await.unwrap();
    switch(&Change::Disable).await.unwrap();
    switch(&Change::Enable).await.unwrap();
    world
        .switch(operator(), &scope, Change::Disable)
        .await
        .unwrap();
    for refused in [&Change::Enable, &Change::Rollback, &change] {
        let answer = switch(refused).await;
        assert_eq!(told(answer), (403, "disabled-by-operator".into()));
    }
    assert!(world.serves(&scope).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admins_place_is_their_own() {
    let (admin, own) = tenant("acme");
    let Scope::Tenant(id) = &own else {
        panic!("a tenant's scope")
    };
    let (_, Scope::Tenant(other)) = tenant("other") else {
        panic!("a tenant's scope")
    };
    assert_eq!(admin.scope(None), Ok(own.clone()));
    assert_eq!(admin.scope(Some(id)), Ok(own.clone()));
    assert_eq!(admin.scope(Some(&other)).unwrap_err().status, 404);
    assert_eq!(operator().scope(Some(id)), Ok(own.clone()));
    assert_eq!(operator().scope(None), Ok(Scope::Deployment));
}
