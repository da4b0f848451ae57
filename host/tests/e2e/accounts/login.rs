//! `POST /api/auth/login`.

use serde_json::{Value, json};
use stoa_testkit::{PeopleConfig, TestHost};

use super::{PASSWORD, actor, email, login, open, register, sign_up, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_password_opens_the_account_where_it_was_used_last() {
    let host = open().await;
    let signed = sign_up(&host, "Ada").await;
    let again = login(&host, "ADA", PASSWORD).await.json_of(200);
    assert_eq!(again["user"], signed["user"]);
    assert_eq!(again["organization"]["id"], "ada-ltd");
    assert_eq!(again["token"], again["accessToken"]);
    assert_ne!(again["refreshToken"], signed["refreshToken"]);

    // A second organisation, and back again by name.
    let ada = actor(&host, &again);
    let made = ada
        .post("/api/organizations", &json!({ "name": "Beta" }))
        .await
        .json_of(201);
    let switched = ada
        .post("/api/organizations/beta/switch", &Value::Null)
        .await;
    let switched = switched.json_of(200);
    assert_eq!(switched["organization"]["id"], made["id"]);
    assert_eq!(switched["token"], switched["accessToken"]);
    let home = login(&host, "ada", PASSWORD).await.json_of(200);
    assert_eq!(home["organization"]["id"], "beta");
    let body = json!({ "email": email("ada"), "password": PASSWORD, "organization": "ada-ltd" });
    let named = host
        .anonymous()
        .post("/api/auth/login", &body)
        .await
        .json_of(200);
    assert_eq!(named["organization"]["id"], "ada-ltd");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_token_of_a_session_follows_it_to_its_organisation() {
    let host = open().await;
    let signed = sign_up(&host, "Ada").await;
    let ada = actor(&host, &signed);
    let beta = json!({ "name": "Beta" });
    let _ = ada.post("/api/organizations", &beta).await.json_of(201);
    let switch = ada
        .post("/api/organizations/beta/switch", &Value::Null)
        .await;
    let _ = switch.json_of(200);
    let me = ada.get("/api/auth/me").await.json_of(200);
    assert_eq!(me["user"]["organization"]["id"], "beta");
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_missing_organisations_look_the_same() {
    let host = open().await;
    sign_up(&host, "Ada").await;
    sign_up(&host, "Eve").await;
    let ask = async |organization: &str| {
        let body =
            json!({ "email": email("ada"), "password": PASSWORD, "organization": organization });
        let answer = host.anonymous().post("/api/auth/login", &body).await;
        told(&answer)
    };
    let missing = ask("missing").await;
    assert_eq!(missing.0, 403);
    for other in ["eve-ltd", "../x", "", "_platform"] {
        assert_eq!(ask(other).await, missing, "{other}");
    }
    // In the default tenant everybody has a place.
    assert_eq!(ask("main").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_pause_an_account_and_pauses_end() {
    let host = open().await;
    register(&host, "ada").await;
    for _ in 0..4 {
        let _ = login(&host, "ada", "wrong horse")
            .await
            .problem(401, "invalid-credentials");
    }
    let _ = login(&host, "ada", PASSWORD).await.expect(200);
    // Success forgets.
    for _ in 0..5 {
        let _ = login(&host, "ada", "wrong horse").await.expect(401);
    }
    let paused = login(&host, "ada", PASSWORD).await;
    let wrong = login(&host, "ada", "wrong horse").await;
    assert_eq!(told(&paused), told(&wrong), "a pause does not show");
    assert_eq!(paused.status, 401);
    host.clock.advance(999);
    let _ = login(&host, "ada", PASSWORD).await.expect(401);
    host.clock.advance(1);
    let _ = login(&host, "ada", "wrong horse").await.expect(401);
    // The sixth failure pauses twice as long, and tries during a pause count nothing.
    for _ in 0..20 {
        let _ = login(&host, "ada", "wrong horse").await.expect(401);
    }
    host.clock.advance(1_999);
    let _ = login(&host, "ada", PASSWORD).await.expect(401);
    host.clock.advance(1);
    let _ = login(&host, "ada", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pause_is_for_good() {
    let host = open().await;
    register(&host, "ada").await;
    for _ in 0..30 {
        let _ = login(&host, "ada", "wrong horse").await.expect(401);
        host.clock.advance(300_000);
    }
    let _ = login(&host, "ada", PASSWORD).await.expect(200);
    for _ in 0..5 {
        let _ = login(&host, "ada", "wrong horse").await.expect(401);
    }
    // Nor does one wait for a clock that was wrong.
    host.clock.set_back(86_400_000);
    let _ = login(&host, "ada", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cheap_hash_is_replaced_when_its_owner_signs_in() {
    use stoa_identity::passwords::Cost;
    let dir = tempfile::tempdir().unwrap();
    let url = format!("surrealkv://{}", dir.path().join("store").display());
    let at = async |password_cost: Cost| {
        let people = PeopleConfig {
            password_cost,
            ..PeopleConfig::default()
        };
        TestHost::builder().store(&url).people(people).start().await
    };
    let stored = async |host: &TestHost| {
        use stoa_kernel::store::Store as _;
        let platform = stoa_kernel::id::TenantId::platform();
        let work = host.store.begin(&platform).await.unwrap();
        let accounts = stoa_kernel::id::CollectionName::new("accounts", "accounts");
        let query = stoa_kernel::query::Query {
            limit: 10,
            ..Default::default()
        };
        let page = work.query(&accounts, &query).await.unwrap();
        let account: Value = serde_json::from_str(&page.items[0].body).unwrap();
        account["password"].as_str().unwrap().to_owned()
    };
    let cheap = at(Cost::FOR_TESTS).await;
    register(&cheap, "ada").await;
    let before = stored(&cheap).await;
    assert!(before.contains("m=8,t=1,p=1"), "{before}");
    stoa_kernel::store::Store::shutdown(&*cheap.store).await;
    drop(cheap);

    let costly = at(Cost {
        passes: 2,
        ..Cost::FOR_TESTS
    })
    .await;
    let _ = login(&costly, "ada", "wrong horse").await.expect(401);
    assert_eq!(stored(&costly).await, before);
    let _ = login(&costly, "ada", PASSWORD).await.expect(200);
    let after = stored(&costly).await;
    assert!(after.contains("m=8,t=2,p=1"), "{after}");
    let _ = login(&costly, "ada", PASSWORD).await.expect(200);
    assert_eq!(stored(&costly).await, after, "once is enough");
}
