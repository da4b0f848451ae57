//! What is set for plugins: by whom, where, since when, and how it comes back.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stoa_kernel::deployment::Scope;
use stoa_kernel::error::Problem;
use stoa_kernel::wit::Manifest;
use stoa_registry::records::{Set, SetChange};
use stoa_registry::{Change, Grants, Who};

use crate::support::{World, act, install, operator, settings, tenant, told, world};

const SETTINGS: &str = r#"
required_settings = ["shop"]
[settings.shop]
type = "string"
[settings.tax]
type = "integer"
minimum = 0
default = 1
scope = "tenant"
"#;

async fn set(
    world: &World,
    who: Who,
    scope: &Scope,
    pairs: &[(&str, Value)],
) -> Result<(), Problem> {
    world.registry.set(act(who, scope), settings(pairs)).await
}

/// What the runtime was told last.
fn told_to(world: &World, scope: &Scope) -> BTreeMap<String, Value> {
    let set = world.runtime.set.lock().unwrap();
    let key = (scope.clone(), "acme-notes".to_owned());
    set.get(&key).cloned().unwrap_or_default()
}

async fn rows<R: serde::de::DeserializeOwned>(world: &World, collection: &str) -> Vec<R> {
    use stoa_kernel::id::{CollectionName, TenantId};
    use stoa_kernel::store::Store as _;
    let unit = world.host.store.begin(&TenantId::platform()).await.unwrap();
    let name = CollectionName::new("registry", collection);
    let rows = stoa_kernel::records::all(&*unit, &name, None)
        .await
        .unwrap();
    rows.into_iter().map(|row| row.record).collect()
}

async fn installed() -> World {
    let world = world().await;
    let digest = world.publish("1.0.0", SETTINGS).await;
    let change = Change::Install {
        digest,
        grants: Grants::All,
        settings: Some(settings(&[("shop", json!("main"))])),
        pin: false,
    };
    world.deploy(change).await.unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_a_row_live_without_a_deployment_and_a_rollback_brings_back_what_was_before() {
    let world = installed().await;
    let deployed = *world.runtime.deployed.lock().unwrap();
    let all = Scope::Deployment;
    let both = [("shop", json!("main")), ("tax", json!(7))];
    set(&world, operator(), &all, &both).await.unwrap();
    assert_eq!(told_to(&world, &all), settings(&both));
    assert_eq!(
        *world.runtime.deployed.lock().unwrap(),
        deployed,
        "no reload"
    );
    world.deploy(Change::Rollback).await.unwrap();
    assert_eq!(told_to(&world, &all), settings(&[("shop", json!("main"))]));

    let mut changes: Vec<SetChange> = rows(&world, "settings_changes").await;
    changes.sort_by_key(|change| change.number);
    let what: Vec<(&str, usize, usize)> = changes
        .iter()
        .map(|change| (&*change.what, change.before.len(), change.after.len()))
        .collect();
    assert_eq!(
        what,
        [("install", 0, 1), ("settings", 1, 2), ("rollback", 2, 1)]
    );
    assert!(changes.iter().all(|change| change.by == "olga"));
    // The shop is as it was set first.
    let now: Vec<Set> = rows(&world, "settings").await;
    assert_eq!((now[0].number, now[0].since["shop"]), (3, 1));

    // An earlier change once more.
    world
        .registry
        .set_again(act(operator(), &all), 2)
        .await
        .unwrap();
    assert_eq!(told_to(&world, &all), settings(&both));
    let again = world.registry.set_again(act(operator(), &all), 9).await;
    assert_eq!(told(again).0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_unknown_or_is_missing_is_named_by_a_pointer() {
    let world = installed().await;
    let all = Scope::Deployment;
    for (pairs, pointer) in [
        (vec![("shop", json!(1))], "/settings/shop"),
        (
            vec![("shop", json!("x")), ("tax", json!(-1))],
            "/settings/tax",
        ),
        (
            vec![("shop", json!("x")), ("taxes", json!(1))],
            "/settings/taxes",
        ),
        (vec![("tax", json!(1))], "/settings/shop"),
    ] {
        let problem = set(&world, operator(), &all, &pairs).await.unwrap_err();
        assert_eq!((problem.status, &*problem.code), (422, "setting-refused"));
        assert_eq!(problem.field.as_deref(), Some(pointer), "{problem}");
    }
    let nowhere = world.registry.set(
        stoa_registry::Act {
            plugin: "acme-other".into(),
            ..act(operator(), &all)
        },
        BTreeMap::new(),
    );
    assert_eq!(told(nowhere.await).1, "nothing-serves");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sets_what_is_left_to_tenants_and_keeps_an_operators_word() {
    let mut world = installed().await;
    let (admin, acme) = tenant("acme");
    let (rival, theirs) = tenant("rival");
    let foreign = set(&world, admin.clone(), &acme, &[("shop", json!("mine"))]).await;
    assert_eq!(told(foreign), (422, "setting-refused".into()));
    // An operator's word for one tenant, of a setting that is not left to it.
    set(&world, operator(), &acme, &[("shop", json!("acme"))])
        .await
        .unwrap();
    set(&world, admin.clone(), &acme, &[("tax", json!(5))])
        .await
        .unwrap();
    let both = settings(&[("shop", json!("acme")), ("tax", json!(5))]);
    assert_eq!(told_to(&world, &acme), both);
    set(&world, rival, &theirs, &[("tax", json!(6))])
        .await
        .unwrap();
    assert_eq!(told_to(&world, &acme), both);

    // Two who know the same state: one is too late.
    let with = |expected| {
        let mut act = act(admin.clone(), &acme);
        act.expected = Some(expected);
        world.registry.set(act, settings(&[("tax", json!(8))]))
    };
    assert_eq!(told(with(1).await).1, "changed-meanwhile");
    with(2).await.unwrap();
    assert_eq!(told(with(2).await).1, "changed-meanwhile");
    // Back to the first change: what was the operator's stays.
    world
        .registry
        .set_again(act(admin.clone(), &acme), 1)
        .await
        .unwrap();
    assert_eq!(told_to(&world, &acme), settings(&[("shop", json!("acme"))]));

    // A version of their own takes over what was set, and is all theirs.
    let digest = world.publish("1.1.0", SETTINGS).await;
    world
        .switch(admin.clone(), &acme, install(&digest, Grants::Carry))
        .await
        .unwrap();
    let own = world.serves(&acme).unwrap();
    assert_eq!(own.settings, settings(&[("shop", json!("acme"))]));
    set(&world, admin.clone(), &acme, &[("shop", json!("ours"))])
        .await
        .unwrap();
    assert_eq!(world.serves(&acme).unwrap().settings["shop"], "ours");

    // A host that starts is told all of it again.
    world.runtime.set.lock().unwrap().clear();
    world.restart(|_| {}).await;
    assert_eq!(told_to(&world, &theirs), settings(&[("tax", json!(6))]));
    assert_eq!(told_to(&world, &acme), settings(&[("shop", json!("ours"))]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_of_the_folder_is_set_without_a_switch_and_a_refused_one_changes_nothing() {
    let world = installed().await;
    let text = format!("name = \"acme-cart\"\nversion = \"1.0.0\"\n{SETTINGS}");
    let manifest = Manifest::from_toml(&text.replace("required", "# required")).unwrap();
    world
        .runtime
        .folder
        .lock()
        .unwrap()
        .insert("acme-cart".into(), manifest);
    let all = Scope::Deployment;
    let cart = stoa_registry::Act {
        plugin: "acme-cart".into(),
        ..act(operator(), &all)
    };
    world
        .registry
        .set(cart, settings(&[("tax", json!(3))]))
        .await
        .unwrap();
    let key = (all.clone(), "acme-cart".to_owned());
    assert_eq!(world.runtime.set.lock().unwrap()[&key]["tax"], 3);

    // What the runtime refuses takes its settings back with it.
    let bad = world.publish("1.0.1", SETTINGS).await;
    world.runtime.refused.lock().unwrap().insert(bad.clone());
    let change = Change::Install {
        digest: bad,
        grants: Grants::All,
        settings: Some(settings(&[("shop", json!("bad"))])),
        pin: false,
    };
    assert_eq!(told(world.deploy(change).await).1, "plugin-refused");
    let sets: Vec<Set> = rows(&world, "settings").await;
    let notes = sets.iter().find(|set| set.plugin == "acme-notes").unwrap();
    assert_eq!(notes.values, settings(&[("shop", json!("main"))]));
    assert_eq!(told_to(&world, &all), settings(&[("shop", json!("main"))]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_first_version_that_is_refused_leaves_what_was_set_for_it_as_it_was() {
    let mut world = installed().await;
    let (admin, acme) = tenant("acme");
    set(&world, admin.clone(), &acme, &[("tax", json!(5))])
        .await
        .unwrap();
    let bad = world.publish("1.1.0", SETTINGS).await;
    world.runtime.refused.lock().unwrap().insert(bad.clone());
    let change = Change::Install {
        digest: bad,
        grants: Grants::All,
        settings: Some(settings(&[("shop", json!("bad"))])),
        pin: false,
    };
    let answer = world.switch(admin, &acme, change).await;
    assert_eq!(told(answer).1, "plugin-refused");
    world.restart(|_| {}).await;
    assert_eq!(told_to(&world, &acme), settings(&[("tax", json!(5))]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_is_no_change_and_old_changes_make_room() {
    let world = installed().await;
    let (admin, acme) = tenant("acme");
    for tax in 0..205 {
        // Twice: the second time it is set already.
        for _ in 0..2 {
            let pairs = [("tax", json!(tax))];
            set(&world, admin.clone(), &acme, &pairs).await.unwrap();
        }
    }
    let changes: Vec<SetChange> = rows(&world, "settings_changes").await;
    let theirs = changes.iter().filter(|row| row.scope == acme.to_string());
    let mut numbers: Vec<u64> = theirs.map(|row| row.number).collect();
    numbers.sort_unstable();
    assert_eq!((numbers.len(), numbers[0], numbers[199]), (200, 6, 205));
}
