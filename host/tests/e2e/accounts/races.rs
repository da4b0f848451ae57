//! What is good once, tried many times at once.

use serde_json::{Value, json};

use super::{
    PASSWORD, assert_single, email, login, open, race, register, reset_token, secret, sign_up_code,
    text,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_once() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let body = json!({ "refreshToken": signed["refreshToken"] });
    let statuses = race(&host, &host.anonymous(), "/api/auth/refresh", &body).await;
    assert_single(&statuses, 200, 401);
    // At once is within the time in which it is no theft: the session goes on.
    let me = host.bearer(text(&signed, "accessToken"));
    let _ = me.get("/api/auth/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once() {
    let host = open().await;
    let code = sign_up_code(&host, "ada").await;
    let body = json!({ "email": email("ada"), "code": code });
    let path = "/api/v1/auth/email-verify";
    let statuses = race(&host, &host.anonymous(), path, &body).await;
    assert_single(&statuses, 200, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_is_good_once() {
    let host = open().await;
    register(&host, "ada").await;
    let token = reset_token(&host, "ada").await;
    let body = json!({ "token": token, "password": "another horse" });
    let path = "/api/auth/reset-password";
    let statuses = race(&host, &host.anonymous(), path, &body).await;
    assert_single(&statuses, 200, 400);
    let told = host.letters(&email("ada")).await;
    let told = told
        .iter()
        .filter(|letter| letter.template == "password-changed");
    assert_eq!(told.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifying_link_is_good_once() {
    let host = open().await;
    register(&host, "ada").await;
    let token = secret(&host.letter(&email("ada"), "verify-email", "link").await);
    let path = format!("/api/auth/verify/{token}");
    let statuses = race(&host, &host.anonymous(), &path, &Value::Null).await;
    assert_single(&statuses, 200, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_taken_once() {
    let host = open().await;
    let body = json!({ "email": email("ada"), "password": PASSWORD, "name": "Ada" });
    let statuses = race(&host, &host.anonymous(), "/api/auth/signup", &body).await;
    assert_single(&statuses, 201, 409);
    // Those who were too late left no organisation behind.
    let signed = login(&host, "ada", PASSWORD).await.json_of(200);
    let ada = host.bearer(text(&signed, "accessToken"));
    let list = ada.get("/api/organizations").await.json_of(200);
    assert_eq!(list["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_guess_at_once_few_are_heard() {
    let host = open().await;
    register(&host, "ada").await;
    let body = json!({ "email": email("ada"), "password": "wrong horse" });
    let statuses = race(&host, &host.anonymous(), "/api/auth/login", &body).await;
    assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
    // The fifth failure paused the account: the rest was not even counted.
    host.clock.advance(1_000);
    let _ = login(&host, "ada", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_that_begins_during_a_reset_outlives_it() {
    let host = open().await;
    register(&host, "ada").await;
    let token = reset_token(&host, "ada").await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let actor = host.anonymous();
        let body = json!({ "email": email("ada"), "password": PASSWORD });
        racing.spawn(async move { actor.post("/api/auth/login", &body).await });
    }
    let body = json!({ "token": token, "password": "another horse" });
    let reset = host
        .anonymous()
        .post("/api/auth/reset-password", &body)
        .await;
    let _ = reset.expect(200);
    for answer in racing.join_all().await {
        if answer.status == 200 {
            let signed = answer.json();
            let actor = host.bearer(text(&signed, "accessToken"));
            let _ = actor.get("/api/auth/me").await.expect(401);
        } else {
            assert_eq!(answer.status, 401);
        }
    }
}
