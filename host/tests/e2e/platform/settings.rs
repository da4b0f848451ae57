//! What is set for plugins: judged by its schema, live at once, per tenant, with a history.

use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::{Actor, TestHost, guest_file, repack};

use super::{PROBE, install, people, post, publish, version};

/// All that the probe is told is set.
async fn preferences(actor: &Actor) -> Value {
    actor.get("/probe/preferences").await.json_of(200)
}

async fn put(actor: &Actor, body: Value) -> stoa_testkit::Answer {
    actor.put(&format!("{PROBE}/settings"), &body).await
}

async fn shown(actor: &Actor, query: &str) -> Value {
    actor
        .get(&format!("{PROBE}/settings{query}"))
        .await
        .json_of(200)
}

/// A host whose operator has put the probe into the folder, and one with the probe of the registry.
async fn both() -> [(TestHost, Actor); 2] {
    let folder = TestHost::builder().guest("probe").start().await;
    let registry = TestHost::builder().start().await;
    publish(&registry, version("0.1.0")).await;
    install(&registry.operator("olga"), "0.1.0").await;
    [folder, registry].map(|host| {
        let operator = host.operator("olga");
        (host, operator)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_call_sees_what_was_set_for_everybody_and_for_one_tenant() {
    for (host, operator) in both().await {
        let ((admin, user), (_, other)) = (people(&host, "acme"), people(&host, "other"));
        assert_eq!(preferences(&user).await["limit"], 10);
        let set = json!({ "limit": 20, "greeting": "ahoy" });
        let told = put(&operator, json!({ "settings": set }))
            .await
            .json_of(200);
        assert_eq!(told["settings"]["limit"]["value"], 20);
        assert_eq!(told["settings"]["limit"]["source"], "deployment");
        // Also an answer that is remembered is not told any more.
        let all = preferences(&user).await;
        assert_eq!(
            (&all["limit"], &all["greeting"]),
            (&json!(20), &json!("ahoy"))
        );

        let places = json!([{ "city": "Rome", "floor": 3 }]);
        let theirs = json!({ "greeting": "ciao", "places": places });
        let told = put(&admin, json!({ "settings": theirs }))
            .await
            .json_of(200);
        assert_eq!(told["scope"], "tenant:acme");
        let all = preferences(&user).await;
        assert_eq!(
            (&all["greeting"], &all["places"]),
            (&json!("ciao"), &places)
        );
        assert_eq!(all["limit"], 20, "the deployment's lies beneath");
        assert_eq!(preferences(&other).await["greeting"], "ahoy");

        // The deployment's next word does not touch the tenant's.
        let set = json!({ "greeting": "hey" });
        let _ = put(&operator, json!({ "settings": set })).await.expect(200);
        let all = preferences(&user).await;
        assert_eq!(
            (&all["greeting"], &all["limit"]),
            (&json!("ciao"), &json!(10))
        );
        let _ = put(&admin, json!({ "settings": {} })).await.expect(200);
        assert_eq!(preferences(&user).await["greeting"], "hey");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_as_it_is_adds_nothing() {
    let [_, (host, operator)] = both().await;
    let activations = async || {
        let path = format!("{PROBE}/activations");
        operator.get(&path).await.json_of(200)["total"].clone()
    };
    let set = json!({ "settings": { "limit": 20 } });
    let first = put(&operator, set.clone()).await.json_of(200);
    let before = activations().await;
    let again = put(&operator, set).await.json_of(200);
    assert_eq!(
        (&again["version"], activations().await),
        (&first["version"], before)
    );
    let _ = put(&operator, json!({ "settings": { "limit": 21 } }))
        .await
        .expect(200);
    let (_, user) = people(&host, "acme");
    assert_eq!(preferences(&user).await["limit"], 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_value_has_a_source_and_a_version_and_an_earlier_one_comes_back_in_one_call() {
    for (host, operator) in both().await {
        let (admin, _) = people(&host, "acme");
        let first = shown(&operator, "").await;
        let limit = &first["settings"]["limit"];
        assert_eq!(
            (&limit["value"], &limit["source"]),
            (&json!(10), &json!("default"))
        );
        assert_eq!(limit["schema"]["maximum"], 100);
        assert_eq!((&first["version"], limit.get("set")), (&json!(0), None));

        let set = |value: u8, more: Value| {
            let mut body = json!({ "settings": { "limit": value } });
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            body
        };
        let one = put(
            &operator,
            set(20, json!({ "reason": "more", "expected": 0 })),
        )
        .await
        .json_of(200);
        assert_eq!(one["version"], 1);
        host.clock.advance(1_000);
        let late = put(&operator, set(30, json!({ "expected": 0 }))).await;
        let _ = late.problem(409, "changed-meanwhile");
        let guarded = operator.header("if-match", "\"1\"");
        let two = put(&guarded, set(30, json!({}))).await.expect(200);
        assert_eq!(two.text("etag"), Some("\"2\""));
        let _ = put(&guarded, set(40, json!({})))
            .await
            .problem(409, "changed-meanwhile");

        let history = format!("{PROBE}/settings/history");
        let rows = operator.get(&history).await.json_of(200);
        let row = |index: usize| rows["items"][index].clone();
        assert_eq!(rows["total"], 2);
        assert_eq!(
            (&row(0)["version"], &row(0)["by"]),
            (&json!(2), &json!("olga"))
        );
        assert_eq!(
            row(0)["changes"],
            json!({ "limit": { "before": 20, "after": 30 } })
        );
        assert_eq!(row(1)["changes"], json!({ "limit": { "after": 20 } }));
        assert_eq!(row(1)["reason"], "more");
        let page = operator
            .get(&format!("{history}?limit=1"))
            .await
            .json_of(200);
        assert!(page["nextCursor"].is_string());

        let body = json!({ "version": 1, "expected": 2 });
        let back = post(&operator, "settings/restore", body.clone())
            .await
            .json_of(200);
        let limit = &back["settings"]["limit"];
        assert_eq!(
            (&limit["value"], &limit["version"]),
            (&json!(20), &json!(3))
        );
        let _ = post(&operator, "settings/restore", body)
            .await
            .problem(409, "changed-meanwhile");
        let never = json!({ "version": 99 });
        let _ = post(&operator, "settings/restore", never)
            .await
            .problem(404, "not-found");

        // Everybody's acts are in the audit, the admin's in theirs; values are in neither.
        let set = json!({ "settings": { "greeting": "hunter2" }, "reason": "ours" });
        let _ = put(&admin, set).await.expect(200);
        let audit = admin.get("/api/platform/audit").await.json_of(200);
        assert_eq!(
            (&audit["total"], &audit["items"][0]["what"]),
            (&json!(1), &json!("plugin.settings"))
        );
        let all = operator
            .get("/api/platform/audit")
            .await
            .json_of(200)
            .to_string();
        assert!(all.contains("ours") && !all.contains("hunter2"), "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_422_with_a_pointer_and_changes_nothing() {
    for (host, operator) in both().await {
        let (admin, user) = people(&host, "acme");
        for (actor, settings, pointer) in [
            (&operator, json!({ "limit": 0 }), "/settings/limit"),
            (&operator, json!({ "limit": "many" }), "/settings/limit"),
            (&operator, json!({ "limits": 1 }), "/settings/limits"),
            (
                &operator,
                json!({ "places": [{ "city": "" }] }),
                "/settings/places/0/city",
            ),
            (
                &operator,
                json!({ "places": [{ "town": "x" }] }),
                "/settings/places/0",
            ),
            (
                &admin,
                json!({ "places": [{ "floor": 1.5, "city": "x" }] }),
                "/settings/places/0/floor",
            ),
            (
                &operator,
                json!({ "greeting": "x".repeat(101) }),
                "/settings/greeting",
            ),
            (
                &operator,
                json!({ "limit": 18_446_744_073_709_551_615_u64 }),
                "/settings/limit",
            ),
        ] {
            let answer = put(actor, json!({ "settings": settings })).await;
            let problem = answer.problem(422, "setting-refused");
            assert_eq!(problem["field"], pointer, "{problem}");
        }
        assert_eq!(preferences(&user).await["limit"], 10);
        assert_eq!(shown(&operator, "").await["version"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_install_is_judged_by_the_schema_and_what_is_required_has_to_be_there() {
    let host = TestHost::builder().start().await;
    let (operator, anybody) = (host.operator("olga"), host.anonymous());
    let demanding = super::changed("0.1.0", |package| {
        let _ = package.manifest.required_settings.insert("limit".into());
        package.manifest.settings.get_mut("limit").unwrap().default = None;
    });
    publish(&host, demanding).await;
    let body =
        |settings: Value| json!({ "version": "0.1.0", "grantAll": true, "settings": settings });
    let refused = post(&operator, "activations", body(json!({}))).await;
    let problem = refused.problem(422, "plugin-refused").to_string();
    assert!(problem.contains("setting limit"), "{problem}");
    let wrong = post(&operator, "activations", body(json!({ "limit": 101 }))).await;
    assert_eq!(
        wrong.problem(422, "setting-refused")["field"],
        "/settings/limit"
    );
    let _ = post(&operator, "activations", body(json!({ "limit": 7 })))
        .await
        .expect(201);
    assert_eq!(preferences(&anybody).await["limit"], 7);
    let without = put(&operator, json!({ "settings": {} })).await;
    assert_eq!(
        without.problem(422, "setting-refused")["field"],
        "/settings/limit"
    );
    // A tenant has the deployment's beneath its own.
    let (admin, user) = people(&host, "acme");
    let _ = put(&admin, json!({ "settings": { "greeting": "hi" } }))
        .await
        .expect(200);
    assert_eq!(preferences(&user).await["limit"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_with_a_malformed_schema_is_refused_at_upload_by_the_settings_name() {
    let host = TestHost::builder().start().await;
    let probe = std::fs::read(guest_file("probe")).unwrap();
    let schema = |keyword: &str, value: Value| {
        repack(&probe, |package| {
            let limit = package.manifest.settings.get_mut("limit").unwrap();
            limit.schema.insert(keyword.to_owned(), value);
        })
    };
    for (keyword, value) in [
        ("minimum", json!("one")),
        ("maximun", json!(3)),
        ("$ref", json!("https://elsewhere.example/schema.json")),
        ("pattern", json!("(?:(?:a{999}){999}){999}")),
        ("maximum", json!(5)),
    ] {
        let answer = super::upload(&host.vendor("vera"), schema(keyword, value)).await;
        let status = answer.status.as_u16();
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!((400..500).contains(&status), "{keyword}: {status} {said}");
        assert!(said.contains("settings.limit"), "{keyword}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_configuration_says_lies_beneath_and_is_judged_too() {
    let host = TestHost::builder()
        .setting("probe", "limit", json!(50))
        .guest("probe")
        .start()
        .await;
    let operator = host.operator("olga");
    let limit = async || shown(&operator, "").await["settings"]["limit"].clone();
    assert_eq!(limit().await["source"], "configuration");
    let _ = put(&operator, json!({ "settings": { "limit": 60 } }))
        .await
        .expect(200);
    assert_eq!(limit().await["value"], 60);
    let _ = put(&operator, json!({ "settings": {} })).await.expect(200);
    assert_eq!(limit().await["value"], 50);

    let wrong = TestHost::builder()
        .setting("probe", "limit", json!(500))
        .start()
        .await;
    let probe = std::fs::read(guest_file("probe")).unwrap();
    let reason = wrong.install("probe", &probe).await.unwrap_err();
    assert!(
        reason.contains("limit") && reason.contains("100"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_of_the_service_and_the_next_start_know_what_is_set() {
    let host = TestHost::builder().guest("probe").start().await;
    let (admin, _) = people(&host, "acme");
    let operator = host.operator("olga");
    let _ = put(&operator, json!({ "settings": { "limit": 20 } }))
        .await
        .expect(200);
    let _ = put(&admin, json!({ "settings": { "greeting": "ciao" } }))
        .await
        .expect(200);
    let again = TestHost::builder()
        .beside(&host)
        .guest("probe")
        .start()
        .await;
    let all = preferences(&again.account_in("acme", "u", Role::User)).await;
    assert_eq!(
        (&all["limit"], &all["greeting"]),
        (&json!(20), &json!("ciao"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sets_or_sees_what_is_not_theirs() {
    for (host, operator) in both().await {
        let ((admin, user), (rival, _)) = (people(&host, "acme"), people(&host, "rival"));
        let settings = format!("{PROBE}/settings");
        let (history, restore) = (format!("{settings}/history"), format!("{settings}/restore"));
        let body = json!({ "settings": { "greeting": "x" } });
        for (actor, status, code) in [
            (host.anonymous(), 401, "unauthenticated"),
            (user, 403, "forbidden"),
            (host.vendor("vera"), 403, "forbidden"),
        ] {
            let _ = actor.get(&settings).await.problem(status, code);
            let _ = actor.put(&settings, &body).await.problem(status, code);
            let _ = actor.get(&history).await.problem(status, code);
            let _ = actor
                .post(&restore, &json!({ "version": 1 }))
                .await
                .problem(status, code);
        }
        let _ = put(&admin, body).await.expect(200);
        // The place is the token's, whatever is named.
        let named = json!({ "settings": {}, "tenant": "acme" });
        let _ = rival.put(&settings, &named).await.problem(404, "not-found");
        let again = json!({ "version": 1, "tenant": "acme" });
        let _ = rival.post(&restore, &again).await.problem(404, "not-found");
        for path in [&settings, &history] {
            let _ = rival
                .get(&format!("{path}?tenant=acme"))
                .await
                .problem(404, "not-found");
        }
        assert_eq!(rival.get(&history).await.json_of(200)["total"], 0);
        let missing = rival.get("/api/platform/plugins/nothing/settings").await;
        let _ = missing.problem(404, "not-found");

        // What is left to operators is to admins as missing as what there is not.
        let seen = shown(&admin, "").await;
        let names: Vec<&String> = seen["settings"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["greeting", "places"]);
        let foreign = put(&admin, json!({ "settings": { "limit": 1 } })).await;
        let foreign = foreign.problem(422, "setting-refused")["detail"].to_string();
        let none = put(&admin, json!({ "settings": { "none1": 1 } })).await;
        let none = none.problem(422, "setting-refused")["detail"].to_string();
        assert_eq!(foreign.replace("limit", "none1"), none);
        // An operator may, for one tenant; the admin keeps it without seeing it.
        let one = json!({ "settings": { "limit": 3 }, "tenant": "acme" });
        let _ = put(&operator, one).await.expect(200);
        let _ = put(&admin, json!({ "settings": {} })).await.expect(200);
        let theirs = host.account_in("acme", "somebody", Role::User);
        assert_eq!(preferences(&theirs).await["limit"], 3);
        let rows = admin.get(&history).await.json_of(200).to_string();
        assert!(!rows.contains("\"limit\":{"), "{rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_something_else_sets_nothing() {
    let host = TestHost::builder().guest("probe").start().await;
    let body = json!({
        "email": "owner@example.com", "password": "correct horse battery", "name": "owner",
        "organizationName": "Owner Ltd",
    });
    let owner = host
        .anonymous()
        .post("/api/auth/signup", &body)
        .await
        .json_of(201);
    let admin = host.bearer(owner["accessToken"].as_str().unwrap());
    let key = |scope: &str| json!({ "name": "k", "scopes": [scope] });
    let narrow = admin
        .post("/api/auth/keys", &key("probe:read"))
        .await
        .json_of(201);
    let narrow = host.bearer(narrow["key"].as_str().unwrap());
    let _ = put(&narrow, json!({ "settings": {} }))
        .await
        .problem(403, "forbidden");
    let secret = format!("{PROBE}/secrets/hook");
    let _ = narrow
        .put(&secret, &json!({ "value": "x" }))
        .await
        .problem(403, "forbidden");
    let _ = narrow
        .get(&format!("{PROBE}/secrets"))
        .await
        .problem(403, "forbidden");
    let _ = put(&admin, json!({ "settings": { "greeting": "hi" } }))
        .await
        .expect(200);
}
