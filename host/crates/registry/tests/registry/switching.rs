//! What serves the deployment, and how it comes to be something else.

use serde_json::json;
use stoa_kernel::deployment::{DeploymentNews as _, Scope};
use stoa_registry::records::{Kind, Outcome};
use stoa_registry::{Change, Grants, News};

use crate::support::{act, install, operator, settings, told, words, world};

const STORAGE: &str = "capabilities = [\"storage\"]";
const MORE: &str = "capabilities = [\"storage\", \"mail\"]";

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_asks_for_more_waits_while_the_old_version_serves() {
    let world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    let row = world.deploy(install(&first, Grants::Carry)).await.unwrap();
    assert_eq!((row.number, row.outcome), (1, Outcome::Waiting));
    assert_eq!(world.serving(), None);
    let all = Change::Approve {
        grants: Grants::All,
    };
    let row = world.deploy(all.clone()).await.unwrap();
    assert_eq!((row.number, row.kind), (2, Kind::Install));
    assert_eq!(world.serving(), Some(first.clone()));
    assert_eq!(told(world.deploy(all.clone()).await).1, "nothing-waits");

    // The same permissions: at once.
    let second = world.publish("1.0.1", STORAGE).await;
    let row = world.deploy(install(&second, Grants::Carry)).await.unwrap();
    assert_eq!((row.kind, row.outcome), (Kind::Upgrade, Outcome::Active));
    assert_eq!(row.grants, words(&["capability:storage"]));

    let third = world.publish("1.1.0", MORE).await;
    let row = world.deploy(install(&third, Grants::Carry)).await.unwrap();
    assert_eq!(row.outcome, Outcome::Waiting);
    assert_eq!(world.serving(), Some(second), "the old one serves");
    world.deploy(all).await.unwrap();
    let serves = world.serves(&Scope::Deployment).unwrap();
    assert_eq!(serves.digest, third);
    assert_eq!(
        serves.grants,
        words(&["capability:mail", "capability:storage"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_runtime_refuses_changes_nothing_and_is_written_down() {
    let world = world().await;
    let good = world.publish("1.0.0", STORAGE).await;
    let bad = world.publish("1.0.1", STORAGE).await;
    world.deploy(install(&good, Grants::All)).await.unwrap();
    world.runtime.refused.lock().unwrap().insert(bad.clone());
    let answer = world.deploy(install(&bad, Grants::All)).await;
    assert_eq!(told(answer), (422, "plugin-refused".into()));
    assert_eq!(world.serving(), Some(good.clone()));
    // The number moved on, what counts did not: settings are still those of the good one.
    let row = world.deploy(Change::Settings(settings(&[]))).await.unwrap();
    assert_eq!((row.number, row.digest), (4, Some(good)));
    assert_eq!(row.previous, Some(1));
    // The highest that ever served is the good one, too.
    let again = world.publish("1.0.0", STORAGE).await;
    world.deploy(install(&again, Grants::Carry)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_switches_code_grants_and_settings_together() {
    let world = world().await;
    let setting = "[settings.colour]\ntype = \"string\"";
    let first = world
        .publish("1.0.0", &format!("{STORAGE}\n{setting}"))
        .await;
    let second = world.publish("1.1.0", &format!("{MORE}\n{setting}")).await;
    let blue = settings(&[("colour", json!("blue"))]);
    let with = |digest: &str, settings| Change::Install {
        digest: digest.into(),
        grants: Grants::All,
        settings: Some(settings),
        pin: false,
    };
    world.deploy(with(&first, blue.clone())).await.unwrap();
    let green = settings(&[("colour", json!("green"))]);
    world.deploy(with(&second, green)).await.unwrap();
    let row = world.deploy(Change::Rollback).await.unwrap();
    assert_eq!((row.number, row.kind), (3, Kind::Rollback));
    let serves = world.serves(&Scope::Deployment).unwrap();
    assert_eq!((serves.digest, serves.settings), (first.clone(), blue));
    assert_eq!(serves.grants, words(&["capability:storage"]));
    assert_eq!(
        told(world.deploy(Change::Rollback).await).1,
        "nothing-before"
    );

    // An older version by its name has to be meant.
    world.deploy(install(&second, Grants::All)).await.unwrap();
    let answer = world.deploy(install(&first, Grants::All)).await;
    assert_eq!(told(answer), (409, "downgrade".into()));
    let pinned = Change::Install {
        digest: first.clone(),
        grants: Grants::All,
        settings: None,
        pin: true,
    };
    world.deploy(pinned).await.unwrap();
    assert_eq!(world.serving(), Some(first));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_disabled_serves_nothing_until_it_is_enabled() {
    let world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    assert_eq!(
        told(world.deploy(Change::Disable).await).1,
        "nothing-serves"
    );
    world.deploy(install(&first, Grants::All)).await.unwrap();
    assert_eq!(told(world.deploy(Change::Enable).await).1, "not-disabled");
    let row = world.deploy(Change::Disable).await.unwrap();
    assert_eq!((row.digest, world.serving()), (None, None));
    let row = world.deploy(Change::Enable).await.unwrap();
    assert_eq!((row.kind, world.serving()), (Kind::Enable, Some(first)));
    assert_eq!(row.grants, words(&["capability:storage"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_who_know_the_same_one_is_too_late() {
    let world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    let grant = |words| {
        let mut act = act(operator(), &Scope::Deployment);
        act.expected = Some(1);
        world.registry.switch(act, Change::Grant(words))
    };
    let (one, other) = tokio::join!(grant(words(&[])), grant(words(&["capability:storage"])));
    let late = if one.is_ok() { other } else { one };
    assert_eq!(told(late), (409, "changed-meanwhile".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_and_settings_are_what_the_manifest_knows() {
    let world = world().await;
    let more = format!("{MORE}\n[settings.limit]\ntype = \"integer\"");
    let first = world.publish("1.0.0", &more).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    let less = words(&["capability:mail"]);
    let row = world.deploy(Change::Grant(less.clone())).await.unwrap();
    assert_eq!(row.kind, Kind::Grant);
    assert_eq!(world.serves(&Scope::Deployment).unwrap().grants, less);
    let unasked = Change::Grant(words(&["capability:blobs"]));
    assert_eq!(told(world.deploy(unasked).await).0, 400);

    let set = |value| Change::Settings(settings(&[("limit", value)]));
    let row = world.deploy(set(json!(5))).await.unwrap();
    assert_eq!((row.kind, row.grants), (Kind::Settings, less));
    assert_eq!(told(world.deploy(set(json!("five"))).await).0, 422);
    let unknown = Change::Settings(settings(&[("other", json!(1))]));
    assert_eq!(told(world.deploy(unknown).await).0, 422);
    assert_eq!(
        world.serves(&Scope::Deployment).unwrap().settings["limit"],
        5
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_went_back_by_itself_is_written_down_and_not_deployed_again() {
    let world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    let second = world.publish("1.0.1", STORAGE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    world.deploy(install(&second, Grants::All)).await.unwrap();
    let news = News::of(&world.registry);
    let scope = Scope::Deployment;
    let told_of = news.returned(&scope, "acme-notes", &second, &first, "five traps");
    told_of.await;
    // The runtime has done it already, and was not told again.
    assert_eq!(world.serving(), Some(second.clone()));
    let row = world.deploy(Change::Settings(settings(&[]))).await.unwrap();
    assert_eq!((row.number, row.digest), (4, Some(first.clone())));
    // Old news changes nothing.
    news.returned(&scope, "acme-notes", &second, &first, "five traps")
        .await;
    let row = world.deploy(Change::Settings(settings(&[]))).await.unwrap();
    assert_eq!((row.number, row.digest), (5, Some(first)));
}
