//! New passwords: by a link, and by the old one.

use http::Method;
use serde_json::json;
use stoa_testkit::{Answer, TestHost};

use super::{
    FORGOT, PASSWORD, actor, email, login, open, register, reset_token, secret, text, told,
};

const NEW: &str = "another horse battery";

async fn forgot(host: &TestHost, email: &str) -> Answer {
    let body = json!({ "email": email });
    host.anonymous().post(FORGOT, &body).await
}

async fn reset(host: &TestHost, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "password": password });
    host.anonymous()
        .post("/api/auth/reset-password", &body)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_sets_a_password_once_and_ends_every_session() {
    let host = open().await;
    let (first, second) = (
        register(&host, "ada").await,
        login(&host, "ada", PASSWORD).await.json_of(200),
    );
    let _ = forgot(&host, "ADA@example.com").await.json_of(202);
    let link = host.letter(&email("ada"), "reset-password", "link").await;
    assert!(
        link.starts_with("https://stoa.test/reset-password#token="),
        "{link}"
    );
    let token = secret(&link);
    // A password that can't be costs the link nothing.
    let weak = reset(&host, &token, "password1").await;
    assert_eq!(weak.problem(400, "invalid-request")["field"], "password");
    let done = reset(&host, &token, NEW).await;
    assert!(
        done.json().get("accessToken").is_none(),
        "nobody is signed in"
    );
    let _ = done.expect(200);
    for tokens in [&first, &second] {
        let _ = actor(&host, tokens).get("/api/auth/me").await.expect(401);
        let body = json!({ "refreshToken": tokens["refreshToken"] });
        let refreshed = host.anonymous().post("/api/auth/refresh", &body).await;
        let _ = refreshed.expect(401);
    }
    let _ = login(&host, "ada", PASSWORD).await.expect(401);
    let signed = login(&host, "ada", NEW).await.json_of(200);
    assert_eq!(signed["user"]["isEmailVerified"], true);
    host.letter(&email("ada"), "password-changed", "name").await;

    let used = reset(&host, &token, "third horse battery").await;
    let unknown = reset(&host, "unknown", "third horse battery").await;
    assert_eq!(told(&used), told(&unknown));
    let _ = used.problem(400, "invalid-link");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_ends_after_half_an_hour_or_with_the_next_one() {
    let host = open().await;
    register(&host, "ada").await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        host.clock.advance(1);
        let _ = forgot(&host, &email("ada")).await.expect(202);
        let letters = host.letters(&email("ada")).await;
        let link = letters.last().unwrap().values["link"].as_str().unwrap();
        tokens.push(secret(link));
    }
    let _ = reset(&host, &tokens[0], NEW).await.expect(400);
    host.clock.advance(30 * 60_000);
    let _ = reset(&host, &tokens[1], NEW).await.expect(400);
    let _ = login(&host, "ada", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_links_host_is_the_configurations_whatever_the_request_says() {
    let host = open().await;
    register(&host, "ada").await;
    let evil = host
        .anonymous()
        .header("host", "evil.test")
        .header("x-forwarded-host", "evil.test");
    let body = json!({ "email": email("ada") });
    let _ = evil.post(FORGOT, &body).await.expect(202);
    for letter in host.letters(&email("ada")).await {
        assert!(!letter.values.to_string().contains("evil"), "{letter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_old_password_sets_a_new_one_and_stays() {
    let host = open().await;
    let (here, elsewhere) = (
        register(&host, "ada").await,
        login(&host, "ada", PASSWORD).await.json_of(200),
    );
    let ada = actor(&host, &here);
    let change = async |current: &str, new: &str| {
        let body = json!({ "currentPassword": current, "newPassword": new });
        ada.post("/api/auth/change-password", &body).await
    };
    let wrong = change("wrong horse", NEW).await;
    assert_eq!(
        wrong.problem(403, "wrong-password")["field"],
        "currentPassword"
    );
    let weak = change(PASSWORD, "12345678").await;
    assert_eq!(weak.problem(400, "invalid-request")["field"], "newPassword");
    let token = reset_token(&host, "ada").await;

    let _ = change(PASSWORD, NEW).await.expect(204);
    let _ = ada.get("/api/auth/me").await.expect(200);
    let body = json!({ "refreshToken": here["refreshToken"] });
    let refreshed = host.anonymous().post("/api/auth/refresh", &body).await;
    let _ = refreshed.expect(200);
    let _ = actor(&host, &elsewhere)
        .get("/api/auth/me")
        .await
        .expect(401);
    let _ = login(&host, "ada", PASSWORD).await.expect(401);
    let _ = login(&host, "ada", NEW).await.expect(200);
    host.letter(&email("ada"), "password-changed", "name").await;
    let late = reset(&host, &token, "third horse battery").await;
    let _ = late.problem(400, "invalid-link");
    let body = json!({ "currentPassword": NEW, "newPassword": PASSWORD });
    let answer = host
        .anonymous()
        .post("/api/auth/change-password", &body)
        .await;
    let _ = answer.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_password_is_guessed_no_faster_here_than_at_the_door() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let ada = actor(&host, &signed);
    let wrong = json!({ "currentPassword": "wrong horse", "newPassword": NEW });
    for _ in 0..5 {
        let _ = ada
            .post("/api/auth/change-password", &wrong)
            .await
            .expect(403);
    }
    let right = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    let paused = ada.post("/api/auth/change-password", &right).await;
    let _ = paused.problem(403, "wrong-password");
    host.clock.advance(1_000);
    let done = ada.post("/api/auth/change-password", &right).await;
    let _ = done.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_guess_keep_nobody_who_is_signed_in_from_it() {
    let host = open().await;
    let ada = actor(&host, &register(&host, "ada").await);
    for _ in 0..5 {
        let _ = login(&host, "ada", "wrong horse").await.expect(401);
    }
    let _ = login(&host, "ada", PASSWORD).await.expect(401);
    let change = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    let changed = ada.post("/api/auth/change-password", &change).await;
    let _ = changed.expect(204);
    let gone = json!({ "password": NEW });
    let erased = ada.send(Method::DELETE, "/api/auth/account", gone.to_string());
    let _ = erased.await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_the_keys_of_whoever_made_the_account_in_anothers_name() {
    let host = open().await;
    let thief = actor(&host, &register(&host, "ada").await);
    let key = json!({ "name": "back door", "scopes": ["*:write"] });
    let key = thief.post("/api/auth/keys", &key).await.json_of(201);
    let by_key = host.bearer(text(&key, "key"));
    let _ = by_key.get("/api/auth/me").await.expect(200);
    let token = reset_token(&host, "ada").await;
    let _ = reset(&host, &token, NEW).await.expect(200);
    let _ = by_key.get("/api/auth/me").await.expect(401);
    // The owner's own keys stay with another password.
    let ada = actor(&host, &login(&host, "ada", NEW).await.json_of(200));
    let key = json!({ "name": "mine", "scopes": ["*:read"] });
    let key = ada.post("/api/auth/keys", &key).await.json_of(201);
    let change = json!({ "currentPassword": NEW, "newPassword": PASSWORD });
    let changed = ada.post("/api/auth/change-password", &change).await;
    let _ = changed.expect(204);
    let mine = host.bearer(text(&key, "key"));
    let _ = mine.get("/api/auth/me").await.expect(200);
}
