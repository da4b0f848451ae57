//! Six digits by mail: `/api/v1/auth/email-signup`, `email-verify` and `email-signin`.

use serde_json::{Value, json};
use stoa_testkit::{Answer, TestHost};

use super::{
    PASSWORD, SIGN_UP_BY_CODE as SIGN_UP, actor, digits, email, login, open, register, reset_token,
    sign_up_code, text, told,
};

const VERIFY: &str = "/api/v1/auth/email-verify";
const SIGN_IN: &str = "/api/v1/auth/email-signin";

async fn post(host: &TestHost, path: &str, body: Value) -> Answer {
    host.anonymous().post(path, &body).await
}

async fn verify(host: &TestHost, name: &str, code: &str) -> Answer {
    post(host, VERIFY, json!({ "email": email(name), "code": code })).await
}

/// Other digits than these.
fn wrong(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_makes_the_account_and_signs_in_once() {
    let host = open().await;
    let new = json!({ "email": email("Ada"), "password": PASSWORD, "name": "Ada Lovelace" });
    let sent = post(&host, SIGN_UP, new).await.json_of(202);
    assert_eq!(sent["expiresIn"], 600);
    assert!(sent.get("token").is_none());
    let _ = login(&host, "ada", PASSWORD)
        .await
        .problem(401, "invalid-credentials");
    let code = digits(&host, "ada").await;
    let signed = verify(&host, "ADA", &code).await.json_of(200);
    assert_eq!(signed["user"]["name"], "Ada Lovelace");
    assert_eq!(signed["user"]["isEmailVerified"], true);
    assert_eq!(signed["user"]["role"], "user");
    assert_eq!(signed["token"], signed["accessToken"]);
    let me = actor(&host, &signed)
        .get("/api/v1/auth/me")
        .await
        .json_of(200);
    assert_eq!(me["user"], signed["user"]);
    let _ = verify(&host, "ada", &code)
        .await
        .problem(401, "invalid-credentials");

    let by_password = json!({ "email": email("ada"), "password": PASSWORD });
    let again = post(&host, SIGN_IN, by_password).await.json_of(200);
    assert_eq!(again["user"], signed["user"]);
    let wrong = json!({ "email": email("ada"), "password": "wrong horse" });
    let _ = post(&host, SIGN_IN, wrong)
        .await
        .problem(401, "invalid-credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_account_signs_in_by_code() {
    let host = open().await;
    let new = json!({ "email": email("ada") });
    let _ = post(&host, SIGN_UP, new).await.expect(202);
    let first = digits(&host, "ada").await;
    let made = verify(&host, "ada", &first).await.json_of(200);
    assert_eq!(made["user"]["name"], "ada", "the address is all there is");
    host.clock.advance(1);
    let _ = post(&host, SIGN_IN, json!({ "email": email("ada") }))
        .await
        .expect(202);
    let code = digits(&host, "ada").await;
    let otp = json!({ "email": email("ada"), "otp": code });
    let signed = post(&host, VERIFY, otp).await.json_of(200);
    assert_eq!(signed["user"], made["user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_after_ten_minutes_or_with_the_next_one() {
    let host = open().await;
    let replaced = sign_up_code(&host, "ada").await;
    host.clock.advance(1);
    let late = sign_up_code(&host, "ada").await;
    assert_ne!(
        replaced, late,
        "the numbers of this test are always the same"
    );
    let _ = verify(&host, "ada", &replaced).await.expect(401);
    host.clock.advance(600_000);
    let _ = verify(&host, "ada", &late).await.expect(401);
    let good = sign_up_code(&host, "ada").await;
    host.clock.advance(599_999);
    let _ = verify(&host, "ada", &good).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_bears_four_wrong_tries_and_is_void_with_the_fifth() {
    let host = open().await;
    for (name, tries, status) in [("ada", 4, 200), ("bob", 5, 401)] {
        let code = sign_up_code(&host, name).await;
        for _ in 0..tries {
            let _ = verify(&host, name, &wrong(&code)).await.expect(401);
        }
        // Past the pause that the fifth failure costs.
        host.clock.advance(1_000);
        let _ = verify(&host, name, &code).await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_and_again_buys_no_more_guesses() {
    let host = open().await;
    for _ in 0..5 {
        let new = json!({ "email": email("ada"), "name": "Ada" });
        let _ = post(&host, SIGN_UP, new).await.expect(202);
        host.clock.advance(1);
        let code = digits(&host, "ada").await;
        let _ = verify(&host, "ada", &wrong(&code)).await.expect(401);
    }
    let code = digits(&host, "ada").await;
    let paused = verify(&host, "ada", &code).await;
    let _ = paused.problem(401, "invalid-credentials");
    host.clock.advance(1_000);
    let _ = verify(&host, "ada", &code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_bound_to_its_address() {
    let host = open().await;
    for name in ["ada", "eve"] {
        let new = json!({ "email": email(name), "name": name });
        let _ = post(&host, SIGN_UP, new).await.expect(202);
    }
    let (ada, eve) = (digits(&host, "ada").await, digits(&host, "eve").await);
    assert_ne!(ada, eve, "the numbers of this test are always the same");
    let _ = verify(&host, "eve", &ada).await.expect(401);
    let _ = verify(&host, "ada", &ada).await.expect(200);
    let _ = verify(&host, "eve", &eve).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_with_a_taken_address_looks_like_any_other_and_changes_nothing() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let taken = json!({ "email": email("ada"), "password": "evil horse battery", "name": "Eve" });
    let free = json!({ "email": email("new"), "password": "evil horse battery", "name": "Eve" });
    let (taken, free) = (
        post(&host, SIGN_UP, taken).await,
        post(&host, SIGN_UP, free).await,
    );
    assert_eq!(told(&taken), told(&free));
    host.letter(&email("ada"), "account-exists", "name").await;
    let _ = login(&host, "ada", "evil horse battery").await.expect(401);
    let me = actor(&host, &signed).get("/api/auth/me").await.json_of(200);
    assert_eq!(me["user"]["name"], "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_made_an_account_in_anothers_name_keeps_nothing_of_it() {
    let host = open().await;
    // Somebody registers the address of somebody else, who then signs in by a code sent to it.
    let thief = register(&host, "ada").await;
    let key = json!({ "name": "back door", "scopes": ["*:write"] });
    let key = actor(&host, &thief).post("/api/auth/keys", &key).await;
    let by_key = host.bearer(text(&key.json_of(201), "key"));
    let _ = by_key.get("/api/auth/me").await.expect(200);
    let _ = post(&host, SIGN_IN, json!({ "email": email("ada") }))
        .await
        .expect(202);
    let code = digits(&host, "ada").await;
    let owner = verify(&host, "ada", &code).await.json_of(200);
    let _ = actor(&host, &thief).get("/api/auth/me").await.expect(401);
    let _ = by_key.get("/api/auth/me").await.expect(401);
    let body = json!({ "refreshToken": thief["refreshToken"] });
    let _ = post(&host, "/api/auth/refresh", body).await.expect(401);
    let _ = login(&host, "ada", PASSWORD).await.expect(401);
    let _ = actor(&host, &owner).get("/api/auth/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_puts_a_password_of_theirs_into_anothers_sign_up() {
    const THEIRS: &str = "evil horse battery";
    let with = |name: &str, password: Option<&str>| {
        let mut new = json!({ "email": email(name), "name": name });
        if let Some(password) = password {
            new["password"] = password.into();
        }
        new
    };
    for (name, own) in [("ada", Some(PASSWORD)), ("bob", None)] {
        // Whoever of the two comes first.
        for thief_is_first in [true, false] {
            let host = open().await;
            let both = if thief_is_first {
                [Some(THEIRS), own]
            } else {
                [own, Some(THEIRS)]
            };
            for password in both {
                let sent = post(&host, SIGN_UP, with(name, password)).await;
                let _ = sent.expect(202);
                host.clock.advance(1);
            }
            let code = digits(&host, name).await;
            let _ = verify(&host, name, &code).await.expect(200);
            let _ = login(&host, name, THEIRS).await.expect(401);
        }
    }
    // Nor by having what was under way forgotten first.
    let host = open().await;
    let _ = post(&host, SIGN_UP, with("ada", Some(PASSWORD))).await;
    let code = digits(&host, "ada").await;
    for _ in 0..5 {
        let _ = verify(&host, "ada", &wrong(&code)).await.expect(401);
    }
    host.clock.advance(60_000);
    let _ = post(&host, SIGN_UP, with("ada", Some(THEIRS))).await;
    let code = digits(&host, "ada").await;
    let _ = verify(&host, "ada", &code).await.expect(200);
    let _ = login(&host, "ada", THEIRS).await.expect(401);
    // Who asks again is the same person by the same password.
    let host = open().await;
    for _ in 0..3 {
        let sent = post(&host, SIGN_UP, with("eve", Some(PASSWORD))).await;
        let _ = sent.expect(202);
        host.clock.advance(1);
    }
    let code = digits(&host, "eve").await;
    let _ = verify(&host, "eve", &code).await.expect(200);
    let _ = login(&host, "eve", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_voids_a_code_that_is_under_way() {
    let host = open().await;
    register(&host, "ada").await;
    let body = json!({ "email": email("ada") });
    let _ = post(&host, SIGN_IN, body).await.expect(202);
    let code = digits(&host, "ada").await;
    let token = reset_token(&host, "ada").await;
    let body = json!({ "token": token, "password": "another horse" });
    let _ = post(&host, "/api/auth/reset-password", body)
        .await
        .expect(200);
    let _ = verify(&host, "ada", &code).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_by_its_member() {
    let host = open().await;
    for (path, body, field) in [
        (SIGN_UP, json!({ "email": "nobody" }), Some("email")),
        (
            SIGN_UP,
            json!({ "email": "a@b.example", "password": "short" }),
            Some("password"),
        ),
        (
            SIGN_UP,
            json!({ "email": "a@b.example", "role": "admin" }),
            Some("role"),
        ),
        (SIGN_UP, json!({}), None),
        (
            VERIFY,
            json!({ "email": "a@b.example", "code": 12_345 }),
            Some("code"),
        ),
        (VERIFY, json!({ "email": "a@b.example" }), None),
        (SIGN_IN, json!({ "email": "nobody" }), Some("email")),
        (
            SIGN_IN,
            json!({ "email": "a@b.example", "otp": "1" }),
            Some("otp"),
        ),
    ] {
        let problem = post(&host, path, body.clone())
            .await
            .problem(400, "invalid-request");
        assert_eq!(problem["field"].as_str(), field, "{path} {body}");
    }
}
