//! `POST /api/auth/refresh`.

use serde_json::{Value, json};
use stoa_testkit::{Answer, PeopleConfig, TestHost};

use super::{PASSWORD, actor, email, open, register, sign_up, text};

const DAY_MS: u64 = 86_400_000;

async fn refresh(host: &TestHost, token: &str) -> Answer {
    let body = json!({ "refreshToken": token });
    host.anonymous().post("/api/auth/refresh", &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refresh_token_gives_the_next_one() {
    let host = open().await;
    let mut last = sign_up(&host, "Ada").await;
    for _ in 0..3 {
        let next = refresh(&host, text(&last, "refreshToken"))
            .await
            .json_of(200);
        assert_eq!(next["user"], last["user"]);
        assert_eq!(next["token"], next["accessToken"]);
        assert_ne!(next["refreshToken"], last["refreshToken"]);
        assert_ne!(next["accessToken"], last["accessToken"]);
        let _ = actor(&host, &next).get("/api/auth/me").await.expect(200);
        last = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_token_ends_its_session_for_everybody_who_has_one() {
    let host = open().await;
    let first = register(&host, "ada").await;
    let second = refresh(&host, text(&first, "refreshToken"))
        .await
        .json_of(200);
    let other = super::login(&host, "ada", super::PASSWORD)
        .await
        .json_of(200);
    // Two tabs at once are no theft.
    host.clock.advance(4_999);
    let _ = refresh(&host, text(&first, "refreshToken"))
        .await
        .problem(401, "invalid-refresh-token");
    let _ = actor(&host, &second).get("/api/auth/me").await.expect(200);
    // Later it is.
    host.clock.advance(1);
    let _ = refresh(&host, text(&first, "refreshToken"))
        .await
        .problem(401, "invalid-refresh-token");
    let _ = refresh(&host, text(&second, "refreshToken"))
        .await
        .problem(401, "invalid-refresh-token");
    for tokens in [&first, &second] {
        let _ = actor(&host, tokens)
            .get("/api/auth/me")
            .await
            .problem(401, "invalid-token");
    }
    // Other sessions of the account are not concerned.
    let _ = actor(&host, &other).get("/api/auth/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_two_generations_ago_ends_the_session_at_once() {
    let host = open().await;
    let first = register(&host, "ada").await;
    let second = refresh(&host, text(&first, "refreshToken"))
        .await
        .json_of(200);
    let third = refresh(&host, text(&second, "refreshToken"))
        .await
        .json_of(200);
    let _ = refresh(&host, text(&first, "refreshToken"))
        .await
        .expect(401);
    let _ = refresh(&host, text(&third, "refreshToken"))
        .await
        .expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_nobody_comes_and_in_the_end_in_any_case() {
    let host = open().await;
    let idle = register(&host, "ada").await;
    host.clock.advance(30 * DAY_MS);
    let _ = refresh(&host, text(&idle, "refreshToken"))
        .await
        .expect(401);

    let mut busy = super::login(&host, "ada", super::PASSWORD)
        .await
        .json_of(200);
    for _ in 0..4 {
        host.clock.advance(20 * DAY_MS);
        busy = refresh(&host, text(&busy, "refreshToken"))
            .await
            .json_of(200);
    }
    host.clock.advance(10 * DAY_MS);
    let _ = refresh(&host, text(&busy, "refreshToken"))
        .await
        .expect(401);
    let _ = actor(&host, &busy).get("/api/auth/me").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_is_refused_alike() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let good = text(&signed, "refreshToken");
    let (family, secret) = good.split_once('.').unwrap();
    let access = text(&signed, "accessToken");
    for token in [
        "",
        ".",
        "x",
        "x.y",
        &format!("x.{secret}"),
        access,
        &"x".repeat(10_000),
    ] {
        let _ = refresh(&host, token)
            .await
            .problem(401, "invalid-refresh-token");
    }
    for body in [
        json!({}),
        json!({ "refreshToken": 7 }),
        json!({ "refreshToken": good, "scope": "all" }),
        Value::Null,
    ] {
        let answer = host.anonymous().post("/api/auth/refresh", &body).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    let _ = refresh(&host, good).await.expect(200);
    // Who knows the family alone has had a token: the session ends.
    let _ = refresh(&host, &format!("{family}.guess")).await.expect(401);
    let _ = actor(&host, &signed).get("/api/auth/me").await.expect(401);
}

/// Long enough for every access token, short enough for every session.
const LAPSE_MS: u64 = 20 * DAY_MS;

async fn lapsing() -> std::sync::Arc<TestHost> {
    let people = PeopleConfig {
        token_lifetime_s: 600,
        development_tokens: false,
        ..PeopleConfig::default()
    };
    std::sync::Arc::new(TestHost::builder().people(people).start().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_access_token_does_not_keep_anybody_from_a_new_one() {
    let host = lapsing().await;
    let signed = register(&host, "ada").await;
    host.clock.advance(LAPSE_MS);
    let lapsed = actor(&host, &signed);
    let _ = lapsed
        .get("/api/auth/me")
        .await
        .problem(401, "invalid-token");

    let body = json!({ "refreshToken": signed["refreshToken"] });
    let next = lapsed.post("/api/auth/refresh", &body).await.json_of(200);
    let _ = actor(&host, &next).get("/api/auth/me").await.expect(200);
    // So do the other ways in, and what is wrong with them is still told by themselves.
    let login = json!({ "email": email("ada"), "password": PASSWORD });
    for (path, body) in [
        ("/api/auth/login", &login),
        ("/api/v1/auth/email-signin", &login),
    ] {
        let _ = lapsed.post(path, body).await.expect(200);
    }
    for garbage in [
        host.bearer("garbage"),
        lapsed.header("authorization", "Basic YTpi"),
    ] {
        let _ = garbage.post("/api/auth/login", &login).await.expect(200);
        let wrong = json!({ "refreshToken": "x.y" });
        let wrong = garbage.post("/api/auth/refresh", &wrong).await;
        let _ = wrong.problem(401, "invalid-refresh-token");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_access_token_still_ends_its_session_and_does_nothing_else() {
    let host = lapsing().await;
    let signed = register(&host, "ada").await;
    host.clock.advance(LAPSE_MS);
    let lapsed = actor(&host, &signed);
    for path in ["/api/auth/me", "/api/auth/sessions"] {
        let _ = lapsed.get(path).await.problem(401, "invalid-token");
    }
    let nothing = json!({});
    let _ = lapsed.post("/api/auth/logout", &nothing).await.expect(204);
    let _ = refresh(&host, text(&signed, "refreshToken"))
        .await
        .expect(401);
    // The session is over: there is nothing left to end, and nobody whom a token of it speaks for.
    let again = lapsed.post("/api/auth/logout", &nothing).await;
    let _ = again.problem(401, "invalid-token");
    for bad in [host.bearer("garbage"), host.anonymous()] {
        let _ = bad.post("/api/auth/logout", &nothing).await.expect(401);
    }
}
