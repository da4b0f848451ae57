//! Bearers that must not pass.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Authenticator as _, Credential, Role};
use stoa_testkit::{PeopleConfig, TestHost};

use super::{PASSWORD, actor, login, open, register, text, told};

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forged_or_foreign_token_passes() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let good = text(&signed, "accessToken");
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("a JWT has three parts")
    };
    assert_eq!(decoded(claims)["aud"], "stoa");
    assert!(decoded(claims)["sid"].is_string());
    let with_header = |name: &str, value: Value| {
        let mut changed = decoded(header);
        changed[name] = value;
        format!("{}.{claims}.{signature}", encoded(&changed))
    };
    let with_claim = |name: &str, value: Value| {
        let mut changed = decoded(claims);
        changed[name] = value;
        format!("{header}.{}.{signature}", encoded(&changed))
    };
    let elsewhere = open().await;
    let foreign = register(&elsewhere, "ada").await;
    let unsigned = {
        let mut none = decoded(header);
        none["alg"] = json!("none");
        format!("{}.{claims}.", encoded(&none))
    };
    for (why, token) in [
        ("a refresh token", text(&signed, "refreshToken").to_owned()),
        ("another host's", text(&foreign, "accessToken").to_owned()),
        ("alg none", unsigned),
        ("alg HS256", with_header("alg", json!("HS256"))),
        ("alg RS256", with_header("alg", json!("RS256"))),
        ("another kid", with_header("kid", json!("0123456789abcdef"))),
        ("typ JWT", with_header("typ", json!("JWT"))),
        ("jku", with_header("jku", json!("https://evil.test/jwks"))),
        ("another aud", with_claim("aud", json!("other"))),
        ("a list as aud", with_claim("aud", json!(["stoa"]))),
        ("a later exp", with_claim("exp", json!(9_999_999_999_u64))),
        ("another role", with_claim("role", json!("admin"))),
        (
            "another sid",
            with_claim("sid", json!("01ARZ3NDEKTSV4RRFFQ69G5FAV")),
        ),
        ("no signature", format!("{header}.{claims}.")),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{good}.{signature}")),
        ("oversize", format!("{good}{}", "A".repeat(9 << 10))),
        ("nothing", String::new()),
        ("no key", "stoa_01ARZ3NDEKTSV4RRFFQ69G5FAV_00".into()),
    ] {
        let answer = host.bearer(&token).get("/api/auth/me").await;
        assert_eq!(answer.status, 401, "{why}");
        // It is refused as well where nobody has to be signed in.
        let answer = host.bearer(&token).get("/.well-known/jwks.json").await;
        assert_eq!(answer.status, 401, "{why}");
    }
    let _ = host.bearer(good).get("/api/auth/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_ends_by_itself_and_its_session_goes_on() {
    let people = PeopleConfig {
        token_lifetime_s: 600,
        development_tokens: false,
        ..PeopleConfig::default()
    };
    let host = TestHost::builder().people(people).start().await;
    let signed = register(&host, "ada").await;
    let ada = actor(&host, &signed);
    host.clock.advance(604_000);
    let _ = ada.get("/api/auth/me").await.expect(200);
    host.clock.advance(1_000);
    let _ = ada.get("/api/auth/me").await.problem(401, "invalid-token");
    let body = json!({ "refreshToken": signed["refreshToken"] });
    let refreshed = host.anonymous().post("/api/auth/refresh", &body).await;
    let next = refreshed.json_of(200);
    let _ = actor(&host, &next).get("/api/auth/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_a_session_is_for_development_alone() {
    let account = Account {
        id: "u1".into(),
        email: None,
        role: Role::Admin,
        tenant: Some(TenantId::parse("main").unwrap()),
        operator: false,
        credential: Credential::Development,
    };
    let closed = open().await;
    let (token, _) = closed.identity.issue_development(&account).unwrap();
    let answer = closed.bearer(&token).get("/api/auth/me").await;
    let _ = answer.problem(401, "invalid-token");
    let asked = json!({ "userId": "u1", "email": "u1@example.com" });
    let issued = closed.anonymous().post("/auth/token", &asked).await;
    assert_eq!(issued.status, 404);

    let development = TestHost::builder().start().await;
    let (token, _) = development.identity.issue_development(&account).unwrap();
    let _ = development
        .bearer(&token)
        .get("/api/auth/me")
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_session_that_never_was_is_refused_even_in_development() {
    let host = TestHost::builder().start().await;
    let account = Account {
        id: "u1".into(),
        email: None,
        role: Role::Admin,
        tenant: None,
        operator: false,
        credential: Credential::Session("01ARZ3NDEKTSV4RRFFQ69G5FAV".into()),
    };
    let (token, _) = host.identity.issue_development(&account).unwrap();
    let answer = host.bearer(&token).get("/api/auth/me").await;
    let _ = answer.problem(401, "invalid-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_keys_verify_and_tell_nothing_else() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let answer = host.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(answer.text("cache-control"), Some("public, max-age=300"));
    let keys = answer.json_of(200)["keys"].clone();
    let key = &keys.as_array().unwrap()[0];
    let header = text(&signed, "accessToken").split('.').next().unwrap();
    assert_eq!(key["kid"], decoded(header)["kid"]);
    assert_eq!(
        [
            text(key, "kty"),
            text(key, "crv"),
            text(key, "alg"),
            text(key, "use")
        ],
        ["OKP", "Ed25519", "EdDSA", "sig"]
    );
    let x = URL_SAFE_NO_PAD.decode(text(key, "x")).unwrap();
    assert_eq!(x.len(), 32);
    assert_eq!(key.get("d"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_speaks_for_a_suspended_account() {
    use stoa_kernel::id::CollectionName;
    use stoa_kernel::store::Store as _;

    let host = open().await;
    let signed = register(&host, "ada").await;
    let ada = actor(&host, &signed);
    let key = json!({ "name": "robot", "scopes": ["*:read"] });
    let made = ada.post("/api/auth/keys", &key).await.json_of(201);
    let robot = host.bearer(text(&made, "key"));
    let _ = robot.get("/api/auth/me").await.expect(200);

    let work = host.store.begin(&TenantId::platform()).await.unwrap();
    let accounts = CollectionName::new("accounts", "accounts");
    let suspended = json!({ "suspended": true });
    let id = text(&signed["user"], "id");
    let patched = work.patch(&accounts, id, suspended, None).await;
    patched.unwrap();
    work.commit().await.unwrap();

    for actor in [&ada, &robot] {
        let _ = actor
            .get("/api/auth/me")
            .await
            .problem(401, "invalid-token");
    }
    let body = json!({ "refreshToken": signed["refreshToken"] });
    let refreshed = host.anonymous().post("/api/auth/refresh", &body).await;
    let _ = refreshed.problem(401, "invalid-refresh-token");
    // From outside it looks as if there were none.
    let right = login(&host, "ada", PASSWORD).await;
    let unknown = login(&host, "nobody", PASSWORD).await;
    assert_eq!(told(&right), told(&unknown));
    for path in ["/api/auth/forgot-password", "/api/v1/auth/email-signin"] {
        let body = json!({ "email": "ada@example.com" });
        let _ = host.anonymous().post(path, &body).await.expect(202);
    }
    let letters = host.letters("ada@example.com").await;
    let templates: Vec<&str> = letters.iter().map(|letter| &*letter.template).collect();
    assert_eq!(templates, ["verify-email"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_of_a_session_ends_when_the_session_does() {
    let people = PeopleConfig {
        // Longer than any session lives idle.
        token_lifetime_s: 400 * 86_400,
        development_tokens: false,
        ..PeopleConfig::default()
    };
    let host = TestHost::builder().people(people).start().await;
    let signed = register(&host, "ada").await;
    let ada = actor(&host, &signed);
    let _ = ada.get("/api/auth/me").await.expect(200);
    host.clock.advance(30 * 86_400_000 - 1);
    let _ = ada.get("/api/auth/me").await.expect(200);
    host.clock.advance(1);
    let _ = ada.get("/api/auth/me").await.problem(401, "invalid-token");
}
