//! What serves after a start, and what is withdrawn.

use bytes::Bytes;
use stoa_kernel::deployment::Scope;
use stoa_kernel::status::Part as _;
use stoa_registry::{Change, Grants};

use crate::support::{install, operator, settings, tenant, told, words, world};

const STORAGE: &str = "capabilities = [\"storage\"]";
const MORE: &str = "capabilities = [\"storage\", \"mail\"]";

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_starts_serves_what_it_served() {
    let mut world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    let second = world.publish("1.1.0", STORAGE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    let (_, scope) = tenant("acme");
    let change = install(&second, Grants::All);
    world.switch(operator(), &scope, change).await.unwrap();
    let (_, disabled) = tenant("other");
    let change = install(&second, Grants::All);
    world.switch(operator(), &disabled, change).await.unwrap();
    world
        .switch(operator(), &disabled, Change::Disable)
        .await
        .unwrap();
    world.restart(|_| {}).await;
    assert_eq!(world.serving(), Some(first));
    assert_eq!(world.serves(&scope).unwrap().digest, second);
    assert!(world.serves(&disabled).is_none());
    assert_eq!(world.registry.status().detail, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_another_now_is_not_served_and_the_version_before_is() {
    let mut world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    let second = world.publish("1.1.0", STORAGE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    world.deploy(install(&second, Grants::All)).await.unwrap();
    let rotten = Bytes::from_static(b"\0asm something else");
    let kept = world.shelf.0.lock().unwrap().insert(second.clone(), rotten);
    assert!(kept.is_some());
    world.restart(|_| {}).await;
    assert_eq!(world.serving(), Some(first.clone()));
    let detail = world.registry.status().detail.unwrap();
    assert!(detail.contains("not what was uploaded"), "{detail}");
    let row = world.deploy(Change::Settings(settings(&[]))).await.unwrap();
    assert_eq!(row.digest, Some(first), "the rows say so, too");
    let answer = world.deploy(install(&second, Grants::All)).await;
    assert_eq!(told(answer), (422, "plugin-refused".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_is_withdrawn_at_once_and_at_the_next_start() {
    let mut world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    world.revoke(&first).await;
    assert_eq!(world.serving(), None);
    let detail = world.registry.status().detail.unwrap();
    assert!(detail.contains("was revoked"), "{detail}");
    for change in [Change::Enable, install(&first, Grants::All)] {
        assert_eq!(told(world.deploy(change).await), (422, "untrusted".into()));
    }
    world.restart(|_| {}).await;
    assert_eq!(world.serving(), None);

    // The configuration's word counts as well.
    let second = world.publish("1.1.0", STORAGE).await;
    world.deploy(install(&second, Grants::All)).await.unwrap();
    assert_eq!(world.serves(&Scope::Deployment).unwrap().digest, second);
    let vendor = world.vendor.public();
    world
        .restart(|trust| {
            trust.revoked.insert(vendor);
        })
        .await;
    assert_eq!(world.serving(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_back_to_what_was_revoked() {
    let mut world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    let second = world.publish("1.1.0", STORAGE).await;
    world.deploy(install(&second, Grants::All)).await.unwrap();
    world.revoke(&first).await;
    assert_eq!(world.serves(&Scope::Deployment).unwrap().digest, second);
    world.runtime.refused.lock().unwrap().insert(second);
    world.restart(|_| {}).await;
    assert_eq!(world.serving(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_version_gets_nothing_back_that_a_later_one_was_denied() {
    let mut world = world().await;
    let first = world.publish("1.0.0", MORE).await;
    let second = world.publish("1.1.0", MORE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    world.deploy(install(&second, Grants::All)).await.unwrap();
    let left = words(&["capability:storage"]);
    let narrower = Change::Grant(left.clone());
    world.deploy(narrower).await.unwrap();
    // Other rows of the same code don't count as tries.
    for _ in 0..5 {
        world.deploy(Change::Disable).await.unwrap();
        world.deploy(Change::Enable).await.unwrap();
    }
    world.runtime.refused.lock().unwrap().insert(second);
    world.restart(|_| {}).await;
    let serves = world.serves(&Scope::Deployment).unwrap();
    assert_eq!((serves.digest, serves.grants), (first, left.clone()));
    let row = world.deploy(Change::Settings(settings(&[]))).await.unwrap();
    assert_eq!(row.grants, left, "the rows say so, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_with_nothing_before_it_does_not_keep_the_host_from_starting() {
    let mut world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    world.runtime.refused.lock().unwrap().insert(first);
    world.restart(|_| {}).await;
    assert_eq!(world.serving(), None);
    let detail = world.registry.status().detail.unwrap();
    assert!(detail.contains("it clashes"), "{detail}");
}
