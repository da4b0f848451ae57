//! Accounts through the whole host: signing up and in, what ends, what is good once, and what is never told.

mod by_code;
mod credentials;
mod data;
mod keys;
mod login;
mod password;
mod profile;
mod races;
mod refresh;
mod repeated;
mod routes;
mod secrecy;
mod sessions;
mod signup;
mod verify;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_testkit::{Actor, Answer, PeopleConfig, TestHost};
use tokio::task::JoinSet;

/// What everybody here signs in with.
const PASSWORD: &str = "correct horse battery";

/// Asks for a link that sets a new password.
const FORGOT: &str = "/api/auth/forgot-password";

/// Asks for the digits that make an account.
const SIGN_UP_BY_CODE: &str = "/api/v1/auth/email-signup";

/// Parallel attempts: as many as the invariants ask for.
const PARALLEL: usize = 32;

/// A host that takes no development tokens, as in production.
async fn open() -> Arc<TestHost> {
    let people = PeopleConfig {
        development_tokens: false,
        ..PeopleConfig::default()
    };
    Arc::new(TestHost::builder().people(people).start().await)
}

/// Signs somebody up with an organisation and answers what the client got.
async fn sign_up(host: &TestHost, name: &str) -> Value {
    let body = json!({
        "email": email(name), "password": PASSWORD, "name": name, "organizationName": format!("{name} Ltd"),
    });
    host.anonymous()
        .post("/api/auth/signup", &body)
        .await
        .json_of(201)
}

/// Registers somebody without an organisation.
async fn register(host: &TestHost, name: &str) -> Value {
    let body = json!({ "email": email(name), "password": PASSWORD, "name": name });
    host.anonymous()
        .post("/api/auth/register", &body)
        .await
        .json_of(201)
}

async fn login(host: &TestHost, name: &str, password: &str) -> Answer {
    let body = json!({ "email": email(name), "password": password });
    host.anonymous().post("/api/auth/login", &body).await
}

fn email(name: &str) -> String {
    format!("{}@example.com", name.to_lowercase())
}

/// Whoever signed in.
fn actor(host: &TestHost, signed_in: &Value) -> Actor {
    host.bearer(text(signed_in, "accessToken"))
}

#[track_caller]
fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {value}"))
}

/// What comes back, apart from what names the request.
fn told(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    if let Some(members) = body.as_object_mut() {
        members.remove("instance");
    }
    (answer.status.as_u16(), body)
}

/// Sends the same request many times at once; the statuses.
async fn race(host: &Arc<TestHost>, actor: &Actor, path: &str, body: &Value) -> Vec<u16> {
    let mut racing = JoinSet::new();
    for _ in 0..PARALLEL {
        let (actor, path, body) = (actor.clone(), path.to_owned(), body.to_string());
        let host = Arc::clone(host);
        racing.spawn(async move {
            let method = if body == "null" {
                Method::GET
            } else {
                Method::POST
            };
            let body = if body == "null" { String::new() } else { body };
            let answer = actor.send(method, &path, body).await;
            drop(host);
            answer.status.as_u16()
        });
    }
    racing.join_all().await
}

/// Checks that one of many succeeded, and that the others were told this.
#[track_caller]
fn assert_single(statuses: &[u16], success: u16, refusal: u16) {
    let count = |status| statuses.iter().filter(|known| **known == status).count();
    assert_eq!(
        (count(success), count(refusal)),
        (1, statuses.len() - 1),
        "{statuses:?}"
    );
}

/// The secret of a link.
fn secret(link: &str) -> String {
    let at = link.rfind(['=', '/']).expect("a link");
    link.get(at + 1..).expect("a secret").to_owned()
}

/// The secret of the reset link that somebody asks for.
async fn reset_token(host: &TestHost, name: &str) -> String {
    let body = json!({ "email": email(name) });
    let asked = host.anonymous().post(FORGOT, &body).await;
    let _ = asked.expect(202);
    secret(&host.letter(&email(name), "reset-password", "link").await)
}

/// The digits that somebody new asks for.
async fn sign_up_code(host: &TestHost, name: &str) -> String {
    let new = json!({ "email": email(name), "name": name });
    let asked = host.anonymous().post(SIGN_UP_BY_CODE, &new).await;
    let _ = asked.expect(202);
    digits(host, name).await
}

/// The digits of the last letter.
async fn digits(host: &TestHost, name: &str) -> String {
    let letters = host.letters(&email(name)).await;
    let letter = letters
        .iter()
        .rfind(|letter| letter.template == "one-time-code");
    let code = letter.expect("a code").values["code"].as_str().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
    code.to_owned()
}
