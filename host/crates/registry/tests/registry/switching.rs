//! What serves the deployment, and how it comes to be something else.

use serde_json::json;
use stoa_kernel::answer::IdempotencyKey;
use stoa_kernel::deployment::{DeploymentNews as _, Loss, Scope};
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
    let deployed = world.return_to(&first);
    let told_of = news.returned(&scope, "acme-notes", &second, &first, "five traps");
    told_of.await;
    assert_eq!(*world.runtime.deployed.lock().unwrap(), deployed, "once");
    let row = world.deploy(Change::Settings(settings(&[]))).await.unwrap();
    assert_eq!((row.number, row.digest), (4, Some(first.clone())));
    // Old news changes nothing.
    news.returned(&scope, "acme-notes", &second, &first, "five traps")
        .await;
    let row = world.deploy(Change::Settings(settings(&[]))).await.unwrap();
    assert_eq!((row.number, row.digest), (5, Some(first)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_went_back_by_itself_may_no_more_than_the_failing_one() {
    let world = world().await;
    let first = world.publish("1.0.0", MORE).await;
    let second = world.publish("1.0.1", MORE).await;
    world.deploy(install(&first, Grants::All)).await.unwrap();
    let left = words(&["capability:storage"]);
    let some = Grants::These(left.clone());
    world.deploy(install(&second, some)).await.unwrap();
    world.return_to(&first);
    let scope = Scope::Deployment;
    let news = News::of(&world.registry);
    let told_of = news.returned(&scope, "acme-notes", &second, &first, "five traps");
    told_of.await;
    let serves = world.serves(&scope).unwrap();
    assert_eq!((serves.digest, serves.grants), (first, left));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_approved_has_what_was_set_while_it_waited() {
    let world = world().await;
    let limited = |more| format!("{more}\n[settings.limit]\ntype = \"integer\"");
    let first = world.publish("1.0.0", &limited(STORAGE)).await;
    let wider = world.publish("1.1.0", &limited(MORE)).await;
    let limit = |limit: u32| settings(&[("limit", json!(limit))]);
    world.deploy(install(&first, Grants::All)).await.unwrap();
    for (given, approved) in [(None, 7), (Some(limit(3)), 3)] {
        world.deploy(Change::Settings(limit(5))).await.unwrap();
        let waits = Change::Install {
            digest: wider.clone(),
            grants: Grants::Carry,
            settings: given,
            pin: false,
        };
        let waits = world.deploy(waits).await.unwrap();
        assert_eq!(waits.outcome, Outcome::Waiting);
        world.deploy(Change::Settings(limit(7))).await.unwrap();
        let grants = Grants::All;
        let row = world.deploy(Change::Approve { grants }).await.unwrap();
        assert_eq!(row.settings, limit(approved));
        world.deploy(Change::Rollback).await.unwrap();
    }
}

/// What a rollback to 1.0.0 would lose.
fn loss() -> Loss {
    Loss {
        collection: Some("notes".into()),
        step: Some(2),
        what: "pinned".into(),
        documents: 3,
        more: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_lose_data_is_not_done_before_that_is_accepted() {
    let world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    let second = world.publish("1.1.0", STORAGE).await;
    for digest in [&first, &second] {
        world.deploy(install(digest, Grants::All)).await.unwrap();
    }
    let losses = [("1.0.0".to_owned(), vec![loss()])];
    world.runtime.losses.lock().unwrap().extend(losses);
    let pinned = || Change::Install {
        digest: first.clone(),
        grants: Grants::All,
        settings: None,
        pin: true,
    };
    for change in [Change::Rollback, pinned()] {
        let problem = world.deploy(change).await.unwrap_err();
        assert_eq!(
            (problem.status, &*problem.code),
            (409, "rollback-loses-data")
        );
        let listed = &problem.more.unwrap().members["losses"];
        let expected = json!([{
            "collection": "notes", "step": 2, "what": "pinned", "documents": 3, "more": false,
        }]);
        assert_eq!(*listed, expected);
    }
    assert_eq!(world.serving(), Some(second.clone()));
    // What does not change the code loses nothing.
    world.deploy(Change::Settings(settings(&[]))).await.unwrap();
    let serves = |accepted: bool| {
        let serves = world.serves(&Scope::Deployment).unwrap();
        assert_eq!(serves.accept_loss, accepted);
        serves.digest
    };
    assert_eq!(serves(false), second);
    let accepted = stoa_registry::Act {
        accept_loss: true,
        ..act(operator(), &Scope::Deployment)
    };
    let row = world.registry.switch(accepted, pinned()).await.unwrap();
    assert!(row.accept_loss);
    assert_eq!(serves(true), first);
    // It is said of this code, whatever else is set for it, and of no other.
    world.deploy(Change::Settings(settings(&[]))).await.unwrap();
    assert_eq!(serves(true), first);
    world.deploy(install(&second, Grants::All)).await.unwrap();
    assert_eq!(serves(false), second);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_goes_on_waiting_until_it_is_approved_or_superseded() {
    let world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    let second = world.publish("1.0.1", STORAGE).await;
    let wider = world.publish("1.1.0", MORE).await;
    let widest = "capabilities = [\"storage\", \"mail\", \"cache\"]";
    let widest = world.publish("1.2.0", widest).await;
    let fourth = world.publish("1.3.0", STORAGE).await;
    for digest in [&first, &second] {
        world.deploy(install(digest, Grants::All)).await.unwrap();
    }
    let waits = world.deploy(install(&wider, Grants::Carry)).await.unwrap();
    assert_eq!(waits.outcome, Outcome::Waiting);
    let approve = Change::Approve {
        grants: Grants::All,
    };
    for change in [
        Change::Settings(settings(&[])),
        Change::Disable,
        Change::Enable,
        Change::Rollback,
        install(&second, Grants::All),
    ] {
        world.deploy(change).await.unwrap();
    }
    world.deploy(approve.clone()).await.unwrap();
    assert_eq!(world.serving(), Some(wider.clone()));
    assert_eq!(told(world.deploy(approve.clone()).await).1, "nothing-waits");

    // A later one takes its place; if the runtime refuses that, it waits again.
    let waits = world.deploy(install(&widest, Grants::Carry)).await.unwrap();
    assert_eq!(waits.outcome, Outcome::Waiting);
    world.runtime.refused.lock().unwrap().insert(fourth.clone());
    let refused = world.deploy(install(&fourth, Grants::All)).await;
    assert_eq!(told(refused).1, "plugin-refused");
    assert_eq!(world.outcome(waits.number).await, Outcome::Waiting);
    world.runtime.refused.lock().unwrap().clear();
    world.deploy(install(&fourth, Grants::All)).await.unwrap();
    assert_eq!(world.outcome(waits.number).await, Outcome::Superseded);
    assert_eq!(told(world.deploy(approve).await).1, "nothing-waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_whose_answer_was_lost_is_not_done_twice() {
    let mut world = world().await;
    let first = world.publish("1.0.0", STORAGE).await;
    let second = world.publish("1.1.0", STORAGE).await;
    for digest in [&first, &second] {
        world.deploy(install(digest, Grants::All)).await.unwrap();
    }
    let keyed = |fingerprint: &str| stoa_registry::Act {
        key: Some(IdempotencyKey {
            id: "k1".into(),
            fingerprint: fingerprint.into(),
        }),
        ..act(operator(), &Scope::Deployment)
    };
    let back = world.registry.switch(keyed("a"), Change::Rollback).await;
    let back = back.unwrap();
    // The host died before it could answer.
    world.restart(|_| {}).await;
    let again = world.registry.switch(keyed("a"), Change::Rollback).await;
    assert_eq!(again.unwrap(), back);
    assert_eq!(world.serving(), Some(first.clone()));
    let other = world.registry.switch(keyed("b"), Change::Rollback).await;
    assert_eq!(told(other), (422, "idempotency-mismatch".into()));

    // What was refused was not done, and a day later a key is new.
    world.runtime.refused.lock().unwrap().insert(second.clone());
    let keyed = |id: &str| stoa_registry::Act {
        key: Some(IdempotencyKey {
            id: id.into(),
            fingerprint: "a".into(),
        }),
        ..act(operator(), &Scope::Deployment)
    };
    let install = || install(&second, Grants::All);
    let refused = world.registry.switch(keyed("k2"), install()).await;
    assert_eq!(told(refused).1, "plugin-refused");
    world.runtime.refused.lock().unwrap().clear();
    let done = world.registry.switch(keyed("k2"), install()).await.unwrap();
    world.host.clock.advance(86_400_001);
    let later = world.registry.switch(keyed("k2"), Change::Rollback).await;
    assert!(later.unwrap().number > done.number);
    assert_eq!(world.serving(), Some(first));
}
