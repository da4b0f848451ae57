//! Versions that the registry deploys: for everybody, and for one tenant before everybody's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stoa_kernel::deployment::{Deployer as _, Deployment, Refusal, Scope};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::identity::Role;
use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::store::{Realm, Store as _};
use stoa_kernel::wit::{Bearer, Package, Permission};
use stoa_testkit::{Actor, TestHost, guest_file, repack};

pub fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

pub fn of_tenant(id: &str) -> Scope {
    Scope::Tenant(tenant(id))
}

/// A guest, changed.
pub fn guest(name: &str, change: impl FnOnce(&mut Package)) -> Vec<u8> {
    repack(&std::fs::read(guest_file(name)).unwrap(), change)
}

/// A guest as another version, which a setting tells.
pub fn version(name: &str, setting: &str, version: &str) -> Vec<u8> {
    guest(name, |package| {
        package.manifest.version = match version.contains('.') {
            true => version.into(),
            false => format!("0.{version}.0"),
        };
        let setting = package.manifest.settings.get_mut(setting).unwrap();
        setting.default = Some(version.into());
    })
}

/// All that it asks for, as the registry would switch it in.
pub async fn deployment(host: &TestHost, scope: Scope, file: Vec<u8>) -> Deployment {
    let file = bytes::Bytes::from(file);
    let examined = host.runtime.examine(file.clone()).await.unwrap();
    Deployment {
        scope,
        plugin: examined.package.manifest.name.clone(),
        digest: examined.digest,
        file,
        grants: examined.package.manifest.permissions(),
        settings: BTreeMap::new(),
        accept_loss: false,
    }
}

pub async fn deploy(host: &TestHost, scope: Scope, file: Vec<u8>) -> Result<(), Refusal> {
    let deployment = deployment(host, scope, file).await;
    host.runtime.deploy(deployment).await
}

pub fn somebody_of(host: &TestHost, tenant: &str) -> Actor {
    host.account_in(tenant, "u1", Role::User)
}

async fn greeting(actor: &Actor) -> Value {
    actor.get("/probe/settings").await.json_of(200)["greeting"].clone()
}

fn probe(number: &str) -> Vec<u8> {
    version("probe", "greeting", number)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_serves_everybody_until_it_is_withdrawn() {
    let host = TestHost::builder().start().await;
    let mut first = deployment(&host, Scope::Deployment, probe("0.1.0")).await;
    first.settings = BTreeMap::from([("greeting".to_owned(), json!("ahoy"))]);
    host.runtime.deploy(first.clone()).await.unwrap();
    assert_eq!(greeting(&host.anonymous()).await, "ahoy");
    assert_eq!(greeting(&somebody_of(&host, "acme")).await, "ahoy");

    deploy(&host, Scope::Deployment, probe("0.2.0"))
        .await
        .unwrap();
    assert_eq!(greeting(&host.anonymous()).await, "0.2.0");
    let standings = host.runtime.standings();
    assert_eq!((standings.len(), &*standings[0].version), (1, "0.2.0"));
    assert!(!standings[0].from_folder && standings[0].scope == Scope::Deployment);
    let status = host.runtime.status();
    assert_eq!((&*status[0].part, status[0].ready), ("plugin:probe", true));

    // Back again: code, settings and all.
    host.runtime.deploy(first).await.unwrap();
    assert_eq!(greeting(&host.anonymous()).await, "ahoy");
    host.runtime.withdraw(&Scope::Deployment, "probe").await;
    let gone = host.anonymous().get("/probe/settings").await;
    let _ = gone.problem(404, "not-found");
    assert!(host.runtime.standings().is_empty() && host.runtime.status().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_version_comes_first_for_that_tenant_alone() {
    let host = TestHost::builder()
        .with("probe", probe("0.1.0"))
        .start()
        .await;
    let (ours, theirs) = (somebody_of(&host, "acme"), somebody_of(&host, "other"));
    assert_eq!(greeting(&ours).await, "0.1.0");
    let refused = deploy(&host, Scope::Deployment, probe("0.3.0")).await;
    assert!(refused.unwrap_err().to_string().contains("comes from"));

    deploy(&host, of_tenant("acme"), probe("0.2.0"))
        .await
        .unwrap();
    assert_eq!(greeting(&ours).await, "0.2.0");
    assert_eq!(greeting(&theirs).await, "0.1.0");
    assert_eq!(greeting(&host.anonymous()).await, "0.1.0");
    // Everybody's changes; the tenant's stays, and with it what it has written.
    host.install("probe", &probe("0.4.0")).await.unwrap();
    assert_eq!(greeting(&ours).await, "0.2.0");
    assert_eq!(greeting(&theirs).await, "0.4.0");
    let migrated = ours.get("/probe/counters/migrated").await.json_of(200);
    assert_eq!(migrated["from"], "0.1.0");

    let folder = host.runtime.snapshot_for(&tenant("other"));
    assert!(std::ptr::addr_eq(
        std::sync::Arc::as_ptr(&folder),
        std::sync::Arc::as_ptr(&host.runtime.snapshot())
    ));
    host.runtime.withdraw(&of_tenant("acme"), "probe").await;
    assert_eq!(greeting(&ours).await, "0.4.0");
    let migrated = ours.get("/probe/counters/migrated").await.json_of(200);
    assert_eq!(
        migrated["from"], "0.2.0",
        "its data is brought to the version that serves it now"
    );
}

/// A tenant's version without a route of everybody's lets another plugin of the tenant have that route. What is
/// withdrawn goes all the same; the other one has to make room.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_version_keeps_one_from_being_withdrawn() {
    const PATH: &str = "/probe/settings";
    let host = TestHost::builder()
        .with("probe", probe("0.1.0"))
        .start()
        .await;
    let ours = somebody_of(&host, "acme");
    let without = repack(&probe("0.2.0"), |package| {
        package.manifest.routes.retain(|route| route.path != PATH);
    });
    deploy(&host, of_tenant("acme"), without).await.unwrap();
    let _ = ours.get(PATH).await.problem(404, "not-found");
    let instead = guest("toucher", |package| {
        let calm = |route: &&mut stoa_kernel::wit::Route| route.path == "/calm";
        let route = package.manifest.routes.iter_mut().find(calm).unwrap();
        PATH.clone_into(&mut route.path);
    });
    deploy(&host, of_tenant("acme"), instead).await.unwrap();
    assert_ne!(greeting(&ours).await, "0.1.0");

    host.runtime.withdraw(&of_tenant("acme"), "probe").await;
    assert_eq!(greeting(&ours).await, "0.1.0");
    let _ = ours.get("/heard").await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_tenant_has_is_missing_for_all_others() {
    let host = TestHost::builder().guest("probe").start().await;
    deploy(&host, of_tenant("acme"), version("toucher", "version", "7"))
        .await
        .unwrap();
    let ours = somebody_of(&host, "acme");
    assert_eq!(ours.get("/calm").await.json_of(200)["version"], "7");
    let _ = ours.get("/probe/settings").await.expect(200);
    for other in [host.anonymous(), somebody_of(&host, "other")] {
        let theirs = other.get("/calm").await.problem(404, "not-found");
        let nobodys = other.get("/nowhere").await.problem(404, "not-found");
        assert_eq!(theirs["detail"], nobodys["detail"]);
    }
    let channel = |id: &str| {
        let snapshot = host.runtime.snapshot_for(&tenant(id));
        snapshot.channel("toucher/news").is_some()
    };
    assert!(channel("acme") && !channel("other"));

    // What stands in its way for everybody does not keep the operator from anything.
    let usurper = guest("toucher", |package| {
        package.manifest.name = "usurper".into();
        package.manifest.channels.clear();
        package.manifest.raises.clear();
    });
    host.install("usurper", &usurper).await.unwrap();
    assert_eq!(ours.get("/calm").await.json_of(200)["version"], "0");
    host.uninstall("usurper").await;
    assert_eq!(ours.get("/calm").await.json_of(200)["version"], "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_remembered_is_told_by_its_own_set_alone() {
    let remembering = |number: &str| {
        repack(&probe(number), |package| {
            let routes = package.manifest.routes.iter_mut();
            for route in routes.filter(|route| route.handler == "greeting") {
                route.remember = true;
            }
        })
    };
    let host = TestHost::builder()
        .with("probe", remembering("0.1.0"))
        .start()
        .await;
    let ours = somebody_of(&host, "acme");
    let asked = async || {
        let answer = ours.get("/probe/settings").await.expect(200);
        let hit = answer.text("cache-status").is_some();
        (answer.json()["greeting"].clone(), hit)
    };
    assert_eq!(asked().await, (json!("0.1.0"), false));
    assert_eq!(asked().await, (json!("0.1.0"), true));
    deploy(&host, of_tenant("acme"), remembering("0.2.0"))
        .await
        .unwrap();
    assert_eq!(asked().await, (json!("0.2.0"), false));
    assert_eq!(asked().await, (json!("0.2.0"), true));
    host.runtime.withdraw(&of_tenant("acme"), "probe").await;
    assert_eq!(asked().await.0, json!("0.1.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bearer_has_to_be_a_tenants_own_version_says_for_it() {
    let with = |bearer: Bearer, number: &str| {
        repack(&probe(number), |package| {
            let routes = package.manifest.routes.iter_mut();
            for route in routes.filter(|route| route.handler == "greeting") {
                route.bearer = bearer;
            }
        })
    };
    let host = TestHost::builder().start().await;
    deploy(&host, Scope::Deployment, with(Bearer::Checked, "0.1.0"))
        .await
        .unwrap();
    let path = "/probe/settings";
    let at = |tenant: &'static str| host.bearer("not-ours").header("x-tenant", tenant);
    let _ = at("acme").get(path).await.problem(401, "invalid-token");
    deploy(&host, of_tenant("acme"), with(Bearer::Ignored, "0.2.0"))
        .await
        .unwrap();
    assert_eq!(greeting(&at("acme")).await, "0.2.0");
    assert_eq!(greeting(&somebody_of(&host, "acme")).await, "0.2.0");
    // Everywhere else it is judged as before, and so are other paths.
    let _ = at("other").get(path).await.problem(401, "invalid-token");
    let elsewhere = host.bearer("not-ours");
    let _ = elsewhere.get(path).await.problem(401, "invalid-token");
    let other = at("acme").get("/probe/whoami").await;
    let _ = other.problem(401, "invalid-token");
    // And the other way round.
    deploy(&host, Scope::Deployment, with(Bearer::Ignored, "0.3.0"))
        .await
        .unwrap();
    deploy(&host, of_tenant("acme"), with(Bearer::Checked, "0.4.0"))
        .await
        .unwrap();
    assert_eq!(greeting(&elsewhere).await, "0.3.0");
    let _ = at("acme").get(path).await.problem(401, "invalid-token");
    let ours = somebody_of(&host, "acme").header("x-tenant", "acme");
    assert_eq!(greeting(&ours).await, "0.4.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_does_not_fit_is_refused_and_what_served_goes_on() {
    let host = TestHost::builder().start().await;
    deploy(&host, Scope::Deployment, probe("0.1.0"))
        .await
        .unwrap();
    let refused = host
        .runtime
        .examine(bytes::Bytes::from_static(b"\x7fELF"))
        .await;
    assert!(matches!(refused, Err(Refusal::Refused(_))));

    let other = deployment(&host, Scope::Deployment, probe("0.2.0")).await;
    let swapped = Deployment {
        digest: "00".repeat(32),
        ..other.clone()
    };
    let unknown = BTreeMap::from([("nonsense".to_owned(), json!(1))]);
    let misset = Deployment {
        settings: unknown,
        ..other.clone()
    };
    let renamed = Deployment {
        plugin: "another".into(),
        ..other
    };
    for (bad, word) in [
        (swapped, "digest"),
        (misset, "nonsense"),
        (renamed, "digest"),
    ] {
        let refused = host.runtime.deploy(bad).await.unwrap_err();
        assert!(refused.to_string().contains(word), "{refused}");
    }
    let copycat = guest("probe", |package| package.manifest.name = "copycat".into());
    let refused = deploy(&host, Scope::Deployment, copycat).await.unwrap_err();
    assert!(refused.to_string().contains("clashes"), "{refused}");
    // A path of somebody's, by whichever method, is no path for sockets.
    let in_the_way = guest("rooms", |package| {
        let channels = package.manifest.channels.iter_mut();
        let mut with_sockets = channels.filter(|channel| channel.socket.is_some());
        with_sockets.next().unwrap().socket = Some("/probe/notes/".into());
    });
    let refused = deploy(&host, Scope::Deployment, in_the_way)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("leads elsewhere already"),
        "{refused}"
    );
    let reshaped = repack(&probe("0.3.0"), |package| {
        let notes = package.manifest.collections.get_mut("notes").unwrap();
        notes.unique.clear();
    });
    let refused = deploy(&host, of_tenant("acme"), reshaped)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("notes"), "{refused}");
    assert_eq!(greeting(&host.anonymous()).await, "0.1.0");
    let refused = host.install("probe", &probe("0.5.0")).await.unwrap_err();
    assert!(refused.contains("registry"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_version_leaves_collections_as_they_were() {
    let host = TestHost::builder().start().await;
    let with_unique = |number: &str, unique: &[&str]| {
        repack(&probe(number), |package| {
            let notes = package.manifest.collections.get_mut("notes").unwrap();
            notes.unique = unique.iter().map(|field| vec![(*field).into()]).collect();
        })
    };
    deploy(&host, Scope::Deployment, with_unique("0.1.0", &[]))
        .await
        .unwrap();
    let (ours, theirs) = (somebody_of(&host, "acme"), somebody_of(&host, "other"));
    let write = async |actor: &Actor, name: &str| {
        let note = json!({"name": name, "kind": "k", "rank": 1});
        let _ = actor.post("/probe/notes", &note).await.expect(201);
    };
    write(&theirs, "a").await;
    write(&ours, "a").await;
    write(&ours, "b").await;

    // One tenant's notes are in its way: it is refused, and nobody else is bound by it.
    let refused = deploy(&host, Scope::Deployment, with_unique("0.2.0", &["kind"])).await;
    let Err(Refusal::Refused(why)) = refused else {
        panic!("{refused:?}")
    };
    assert!(why.contains("acme") && why.contains("kind"), "{why}");
    assert_eq!(greeting(&ours).await, "0.1.0");
    write(&ours, "c").await;
    write(&theirs, "b").await;

    // Nor by one that is not well with itself.
    let unwell = repack(&with_unique("0.3.0", &["name"]), |package| {
        let greeting = package.manifest.settings.get_mut("greeting").unwrap();
        greeting.default = Some("unwell".into());
    });
    let refused = deploy(&host, Scope::Deployment, unwell).await.unwrap_err();
    assert!(refused.to_string().contains("unwell"), "{refused}");
    let notes = CollectionName::new("probe", "notes");
    let declared = host.store.declaration(Realm::Tenants, &notes).unwrap();
    assert!(declared.unique.is_empty(), "{declared:?}");
    write(&theirs, "c").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_is_missed_at_the_next_call() {
    let host = TestHost::builder().start().await;
    let all = deployment(&host, Scope::Deployment, guest("toucher", |_| {})).await;
    let less = all
        .grants
        .iter()
        .filter(|word| word.as_str() != "capability:cache");
    let less: BTreeSet<Permission> = less.cloned().collect();
    host.runtime.deploy(all.clone()).await.unwrap();
    let touch = async || host.anonymous().get("/touch/cache").await;
    let _ = touch().await.expect(200);
    let scope = &Scope::Deployment;
    assert!(host.runtime.grant(scope, "toucher", less).await);
    let _ = touch().await.problem(502, "plugin-denied");
    assert!(
        host.runtime
            .grant(scope, "toucher", all.grants.clone())
            .await
    );
    let _ = touch().await.expect(200);
    // Without its route it is not reached at all.
    assert!(host.runtime.grant(scope, "toucher", BTreeSet::new()).await);
    let _ = touch().await.problem(404, "not-found");
    assert!(
        !host
            .runtime
            .grant(&of_tenant("acme"), "toucher", all.grants)
            .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_turns_of_a_tenant_are_its_own_versions() {
    let host = TestHost::builder().start().await;
    let (acme, main) = (tenant("acme"), tenant("main"));
    for tenant in [&acme, &main] {
        host.store.begin(tenant).await.unwrap();
    }
    deploy(&host, of_tenant("acme"), guest("toucher", |_| {}))
        .await
        .unwrap();
    let dispatcher = host.dispatch().await;
    let ours = somebody_of(&host, "acme");
    let _ = ours.get("/touch/events").await.expect(200);
    let until = async |what: &str, times: u64| {
        loop {
            let told = ours.get("/heard").await.json_of(200);
            if told[what]["times"] == times {
                return;
            }
            assert!(told[what]["times"].as_u64() <= Some(times), "{told}");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    until("heard", 1).await;
    // The first look begins the rhythm.
    host.clock.advance(1);
    for turn in 1..=2 {
        while !is_scheduled(&host, &acme).await {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        host.clock.advance(60_000);
        let _ = ours.get("/touch/events").await.expect(200);
        until("struck", turn).await;
    }
    assert!(!is_scheduled(&host, &main).await);

    // Gone with the version.
    host.runtime.withdraw(&of_tenant("acme"), "toucher").await;
    let _ = ours.get("/heard").await.problem(404, "not-found");
    drop(dispatcher);
}

async fn is_scheduled(host: &TestHost, of: &TenantId) -> bool {
    let schedules = stoa_kernel::id::CollectionName::new("host", "schedules");
    let unit = host.store.begin(of).await.unwrap();
    unit.get(&schedules, "toucher.strike")
        .await
        .unwrap()
        .is_some()
}
