//! Steps that documents go, up with a version and down with the one before it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stoa_kernel::deployment::{Deployer as _, Scope};
use stoa_kernel::id::{CollectionName, HOST_PLUGIN, TenantId};
use stoa_kernel::identity::Role;
use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::store::{Expiry, Store as _};
use stoa_testkit::{Actor, Answer, TestHost, repack};

use crate::deployed::{deploy, somebody_of, tenant, version as numbered};
use crate::process::Stoa;

use super::crash::{OPEN, operator, plugin};
use super::{PROBE, changed, install, people, post, publish, version};

/// The longest that a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// 0.2.0 calls the stock an amount, and another thing stock.
fn stepped() -> Vec<u8> {
    with_steps(
        "0.2.0",
        json!([{ "step": 1, "collection": "counters", "up": [
            { "rename": { "from": "stock", "to": "amount" } },
            { "add": { "field": "stock", "value": 0 } },
        ] }]),
    )
}

fn with_steps(number: &str, steps: Value) -> Vec<u8> {
    changed(number, |package| {
        package.manifest.migrations = serde_json::from_value(steps).unwrap();
    })
}

async fn counter(actor: &Actor, id: &str) -> Value {
    migrated(actor, id).await.json_of(200)
}

/// What is said of a document once a migration that is under way has ended.
async fn migrated(actor: &Actor, id: &str) -> Answer {
    let path = format!("/probe/counters/{id}");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = actor.get(&path).await;
        let is_busy =
            answer.status == 503 && answer.json()["type"].as_str().unwrap().ends_with("/busy");
        if !is_busy {
            return answer;
        }
        assert!(Instant::now() < deadline, "it is still under way");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Writes a document.
async fn stock(actor: &Actor, id: &str, amount: u32) {
    let path = format!("/probe/stock/{id}/{amount}");
    let _ = actor.put(&path, &json!({})).await.expect(204);
}

/// Writes documents as no request could.
async fn seed(host: &TestHost, tenant: &str, collection: [&str; 2], documents: &[(String, Value)]) {
    let tenant = TenantId::parse(tenant).unwrap();
    let [plugin, collection] = collection;
    let collection = CollectionName::new(plugin, collection);
    for batch in documents.chunks(200) {
        let unit = host.store.begin(&tenant).await.unwrap();
        for (id, body) in batch {
            let put = unit.put(&collection, id, None, body.clone(), Expiry::Never);
            put.await.unwrap();
        }
        unit.commit().await.unwrap();
    }
}

const COUNTERS: [&str; 2] = ["probe", "counters"];

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_every_tenant_go_up_with_a_version_and_come_back_with_the_one_before() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    publish(&host, stepped()).await;
    install(&operator, "0.1.0").await;
    let (ours, theirs) = (somebody_of(&host, "acme"), somebody_of(&host, "other"));
    stock(&ours, "a", 1).await;
    stock(&theirs, "b", 1).await;
    let diff = operator
        .get(&format!("{PROBE}/diff?from=0.1.0&to=0.2.0"))
        .await
        .json_of(200);
    assert_eq!(
        diff["migrations"]["added"],
        json!(["1 counters: rename stock to amount, add stock = 0"])
    );

    install(&operator, "0.2.0").await;
    let up = json!({ "amount": 1, "stock": 0 });
    assert_eq!(counter(&ours, "a").await, up);
    assert_eq!(counter(&theirs, "b").await, up);
    // A tenant that comes now has nothing to migrate, and what it writes is of the new shape.
    let fresh = somebody_of(&host, "fresh");
    stock(&fresh, "c", 0).await;
    let unit = host.store.begin(&tenant("fresh")).await.unwrap();
    let row = CollectionName::new(HOST_PLUGIN, "migrations");
    let row = unit.get(&row, "probe").await.unwrap().unwrap();
    let row: Value = serde_json::from_str(&row.body).unwrap();
    assert_eq!(row["steps"][0]["migration"]["step"], 1);
    assert_eq!(counter(&fresh, "c").await, json!({ "stock": 0 }));

    // Nobody has used what is new: nothing is lost, and nobody is asked.
    let _ = post(&operator, "rollback", json!({})).await.expect(201);
    assert_eq!(counter(&ours, "a").await, json!({ "stock": 1 }));
    assert_eq!(counter(&theirs, "b").await, json!({ "stock": 1 }));
    assert_eq!(counter(&fresh, "c").await, json!({}));
    // And up again, from the row of before.
    install(&operator, "0.2.0").await;
    assert_eq!(counter(&ours, "a").await, up);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_loses_data_says_so_and_is_done_when_that_is_accepted() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    publish(&host, stepped()).await;
    install(&operator, "0.1.0").await;
    let (ours, theirs) = (somebody_of(&host, "acme"), somebody_of(&host, "other"));
    stock(&theirs, "b", 1).await;
    install(&operator, "0.2.0").await;
    stock(&ours, "a", 5).await;
    let _ = theirs.get("/probe/counters/b").await.expect(200);

    let refused = post(&operator, "rollback", json!({})).await;
    let refused = refused.problem(409, "rollback-loses-data");
    let stock = json!([{
        "collection": "counters", "step": 1, "what": "stock", "documents": 1, "more": false,
    }]);
    assert_eq!(refused["losses"], stock);
    // The older version itself is refused alike, and nothing has changed.
    let older = json!({ "version": "0.1.0", "grantAll": true, "pin": true });
    let refused = post(&operator, "activations", older).await;
    let _ = refused.problem(409, "rollback-loses-data");
    assert_eq!(counter(&ours, "a").await, json!({ "stock": 5 }));
    let shown = operator.get(PROBE).await.json_of(200);
    assert_eq!(shown["places"][0]["serving"]["version"], "0.2.0");

    let accepted = json!({ "acceptLoss": true });
    let row = post(&operator, "rollback", accepted).await.json_of(201);
    assert_eq!(
        (&row["version"], &row["acceptLoss"]),
        (&json!("0.1.0"), &json!(true))
    );
    assert_eq!(counter(&ours, "a").await, json!({}));
    assert_eq!(counter(&theirs, "b").await, json!({ "stock": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_and_what_code_has_migrated_does_not_come_back() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    let steps = json!([
        { "step": 1, "collection": "counters", "up": [{ "remove": { "field": "stock" } }] },
    ]);
    publish(&host, with_steps("0.2.0", steps.clone())).await;
    let code = changed("0.3.0", |package| {
        package.manifest.migrations = serde_json::from_value(steps).unwrap();
        package.manifest.lifecycle = true;
    });
    publish(&host, code).await;
    install(&operator, "0.1.0").await;
    let ours = somebody_of(&host, "acme");
    stock(&ours, "a", 1).await;
    install(&operator, "0.2.0").await;
    assert_eq!(counter(&ours, "a").await, json!({}));
    let losses = |problem: &Value| -> Vec<Value> {
        let losses = problem["losses"].as_array().unwrap();
        losses.iter().map(|loss| loss["what"].clone()).collect()
    };
    let refused = post(&operator, "rollback", json!({})).await;
    let refused = refused.problem(409, "rollback-loses-data");
    assert_eq!(losses(&refused), ["stock"]);

    install(&operator, "0.3.0").await;
    assert!(counter(&ours, "migrated").await.get("from").is_some());
    let refused = post(&operator, "rollback", json!({})).await;
    let refused = refused.problem(409, "rollback-loses-data");
    assert_eq!(losses(&refused), ["0.3.0"]);
    let accepted = json!({ "acceptLoss": true });
    let _ = post(&operator, "rollback", accepted).await.expect(201);
    let _ = counter(&ours, "a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_own_version_that_goes_leaves_its_data_as_the_deployments_needs_it() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    publish(&host, stepped()).await;
    install(&operator, "0.1.0").await;
    let (admin, user) = people(&host, "acme");
    stock(&user, "a", 1).await;
    let own = json!({ "version": "0.2.0", "grantAll": true });
    let _ = post(&admin, "activations", own).await.expect(201);
    assert_eq!(
        counter(&user, "a").await,
        json!({ "amount": 1, "stock": 0 })
    );
    stock(&user, "b", 5).await;
    let refused = post(&admin, "disable", json!({})).await;
    let _ = refused.problem(409, "rollback-loses-data");
    let accepted = json!({ "acceptLoss": true });
    let _ = post(&admin, "disable", accepted).await.expect(201);
    assert_eq!(counter(&user, "a").await, json!({ "stock": 1 }));
    assert_eq!(counter(&user, "b").await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_migrated_keeps_the_old_version_or_says_so() {
    let host = TestHost::builder().start().await;
    let operator = host.operator("olga");
    publish(&host, version("0.1.0")).await;
    publish(&host, stepped()).await;
    install(&operator, "0.1.0").await;
    let (ours, theirs) = (somebody_of(&host, "acme"), somebody_of(&host, "other"));
    stock(&ours, "a", 1).await;
    stock(&theirs, "b", 1).await;
    let both = |id: &str| (id.to_owned(), json!({ "stock": 1, "amount": 1 }));
    seed(&host, "acme", COUNTERS, &[both("b")]).await;
    let body = json!({ "version": "0.2.0", "grantAll": true });
    let refused = post(&operator, "activations", body).await;
    let refused = refused.problem(422, "plugin-refused");
    let why = refused["detail"].as_str().unwrap();
    assert!(
        why.contains("step 1 of counters: a document has both"),
        "{why}"
    );
    assert_eq!(counter(&ours, "a").await, json!({ "stock": 1 }));

    // One that hides behind a thousand others shows when it is its turn, to its tenant alone.
    let plain = |number: usize| (format!("k{number:04}"), json!({ "stock": 1 }));
    let mut many: Vec<_> = (0..1_000).map(plain).collect();
    many.push(("b".to_owned(), json!({ "stock": 1 })));
    many.push(both("z"));
    seed(&host, "acme", COUNTERS, &many).await;
    install(&operator, "0.2.0").await;
    let kept = migrated(&ours, "a").await.expect(503);
    assert_eq!(kept.text("retry-after"), Some("5"));
    let _ = kept.problem(503, "migration-failed");
    assert_eq!(
        counter(&theirs, "b").await,
        json!({ "amount": 1, "stock": 0 })
    );
    let status = host.runtime.status();
    let detail = status[0].detail.as_ref().unwrap();
    assert!(
        detail.contains("1 tenants") && detail.contains("has both"),
        "{detail}"
    );
    // It goes on from where it was, forth or back.
    let _ = post(&operator, "rollback", json!({})).await.expect(201);
    assert_eq!(counter(&ours, "a").await, json!({ "stock": 1 }));
    assert_eq!(counter(&ours, "k0999").await, json!({ "stock": 1 }));
    seed(
        &host,
        "acme",
        COUNTERS,
        &[("z".to_owned(), json!({ "stock": 2 }))],
    )
    .await;
    install(&operator, "0.2.0").await;
    assert_eq!(
        counter(&ours, "z").await,
        json!({ "amount": 2, "stock": 0 })
    );
    assert_eq!(host.runtime.status()[0].detail, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_version_that_can_not_go_back_without_loss_stays_and_says_why() {
    let host = TestHost::builder().start().await;
    let everybody = || Scope::Deployment;
    let plain = numbered("toucher", "version", "1");
    let stepped = repack(&numbered("toucher", "version", "2"), |package| {
        let steps = json!([{ "step": 1, "collection": "things", "up": [
            { "add": { "field": "pinned", "value": false } },
        ] }]);
        package.manifest.migrations = serde_json::from_value(steps).unwrap();
    });
    deploy(&host, everybody(), plain).await.unwrap();
    deploy(&host, everybody(), stepped).await.unwrap();
    let ours = somebody_of(&host, "acme");
    let _ = ours.get("/calm").await.expect(200);
    let pinned = [("a".to_owned(), json!({ "pinned": true }))];
    seed(&host, "acme", ["toucher", "things"], &pinned).await;
    // Whoever was served alone is no majority: it fails for three.
    let others = ["x", "y"].map(|name| host.account_in("acme", name, Role::User));
    for caller in [&ours, &others[0], &others[1], &ours, &others[0]] {
        let answer = caller.post("/misdeeds/trap", &json!({})).await;
        let _ = answer.problem(502, "plugin-trap");
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let detail = host.runtime.status()[0].detail.clone().unwrap_or_default();
        if detail.contains("can't come back by itself: it would lose pinned") {
            break;
        }
        assert!(Instant::now() < deadline, "{detail}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let kept = ours.get("/calm").await;
    let _ = kept.problem(503, "plugin-quarantined");
    assert_eq!(host.runtime.standings()[0].version, "0.2.0");
}

/// Documents of the test with a host that dies: more than one batch.
const MANY: usize = 250;

async fn told(host: &Stoa, number: usize) -> Value {
    let line = format!("GET /probe/counters/k{number:03}");
    let (status, said) = host.ask(&line, &[], "").await.unwrap();
    assert_eq!(status, 200, "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_dies_in_the_middle_of_a_migration_goes_on_either_way() {
    let (dir, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = |name: &str, bytes: Vec<u8>| {
        let file = files.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file.display().to_string()
    };
    let (first, second) = (file("1.wasm", version("0.1.0")), file("2.wasm", stepped()));
    let mut dying = OPEN.to_vec();
    // The first batch is committed, the second is not.
    dying.push(("STOA_DEV__CRASH_AT", "before-migrated:probe:2"));
    let ok = |host: &Stoa, token: &str, arguments: &[&str]| {
        let (done, said) = plugin(host, token, arguments);
        assert!(done, "{said}");
    };
    let die = async |mut host: Stoa| {
        assert!(
            host.ask("GET /probe/counters/k000", &[], "")
                .await
                .is_none()
        );
        assert!(!host.process.wait().unwrap().success(), "it died");
    };

    let host = Stoa::start_with(dir.path(), &dying).await;
    let token = operator(&host).await;
    for file in [&first, &second] {
        ok(&host, &token, &["publish", file]);
    }
    let install = |version| ["install", "probe", "--version", version, "--grant-all"];
    ok(&host, &token, &install("0.1.0"));
    for number in 0..MANY {
        let line = format!("PUT /probe/stock/k{number:03}/1");
        let (status, said) = host.ask(&line, &[], "{}").await.unwrap();
        assert_eq!(status, 204, "{said}");
    }
    ok(&host, &token, &install("0.2.0"));
    die(host).await;

    let host = Stoa::start_with(dir.path(), &OPEN).await;
    for number in [0, 199, 200, MANY - 1] {
        let up = json!({ "amount": 1, "stock": 0 });
        assert_eq!(told(&host, number).await, up, "{number}");
    }
    let (status, said) = host
        .ask("PUT /probe/stock/k001/5", &[], "{}")
        .await
        .unwrap();
    assert_eq!(status, 204, "{said}");
    host.kill();

    let host = Stoa::start_with(dir.path(), &dying).await;
    let token = operator(&host).await;
    let (done, said) = plugin(&host, &token, &["rollback", "probe"]);
    assert!(
        !done && said.contains("stock of 1 documents of counters"),
        "{said}"
    );
    assert!(said.contains("--accept-loss"), "{said}");
    ok(&host, &token, &["rollback", "probe", "--accept-loss"]);
    die(host).await;
    let host = Stoa::start_with(dir.path(), &OPEN).await;
    for number in [0, 199, 200, MANY - 1] {
        assert_eq!(told(&host, number).await, json!({ "stock": 1 }), "{number}");
    }
    assert_eq!(told(&host, 1).await, json!({}));
}
