//! A connection ends with what it was opened with, at once.

use serde_json::{Value, json};
use stoa_kernel::identity::{Authenticator as _, Credential, Role};
use stoa_kernel::live::{Ear, End, Heard, JoinError, Listener, Live as _};
use stoa_testkit::{Actor, TestHost};

use super::{message, next, say_on};

const PASSWORD: &str = "correct horse battery";
const NEWS: &str = "herald/news";

/// Somebody signed in, and their connection.
struct Signed {
    id: String,
    bearer: String,
    ear: Box<dyn Ear>,
}

impl Signed {
    fn actor(&self, host: &TestHost) -> Actor {
        host.bearer(&self.bearer)
    }

    async fn is_ended(&mut self) {
        assert_eq!(next(&mut self.ear).await, Heard::End(End::SessionEnded));
    }
}

/// Opens a connection as a transport does.
async fn connect(host: &TestHost, bearer: &str) -> (String, Box<dyn Ear>) {
    let account = host.identity.authenticate(bearer).await.unwrap();
    let session = match account.credential {
        Credential::Session(session) => session,
        Credential::Key { id, .. } => id,
        Credential::Development => panic!("a session"),
    };
    let listener = Listener {
        tenant: account.tenant.unwrap(),
        account: account.id.as_str().into(),
        session: Some(session),
    };
    let mut ear = host.live.listen(listener).unwrap();
    let _ = ear.join(NEWS, None).await.unwrap();
    (account.id, ear)
}

async fn signed(host: &TestHost, answer: &Value) -> Signed {
    let bearer = answer["accessToken"].as_str().unwrap().to_owned();
    let (id, ear) = connect(host, &bearer).await;
    Signed { id, bearer, ear }
}

fn email(name: &str) -> String {
    format!("{name}@example.com")
}

async fn register(host: &TestHost, name: &str) -> Signed {
    let body = json!({ "email": email(name), "password": PASSWORD, "name": name });
    let answer = host.anonymous().post("/api/auth/register", &body).await;
    signed(host, &answer.json_of(201)).await
}

async fn login(host: &TestHost, name: &str) -> Signed {
    let body = json!({ "email": email(name), "password": PASSWORD });
    let answer = host.anonymous().post("/api/auth/login", &body).await;
    signed(host, &answer.json_of(200)).await
}

/// Goes on.
async fn hears(host: &TestHost, signed: &mut Signed, n: u64) {
    say_on(host, NEWS, n).await;
    assert_eq!(message(&mut signed.ear).await.1, json!(n));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_s_end_ends_its_connections_and_no_others() {
    let host = super::herald().await;
    let (mut first, mut eve) = (register(&host, "ada").await, register(&host, "eve").await);
    let mut second = login(&host, "ada").await;
    let nothing = json!({});
    let logout = second.actor(&host).post("/api/auth/logout", &nothing).await;
    let _ = logout.expect(204);
    second.is_ended().await;
    hears(&host, &mut first, 1).await;

    let mut third = login(&host, "ada").await;
    let sessions = first.actor(&host).get("/api/auth/sessions").await;
    let sessions = sessions.json_of(200);
    let items = sessions["items"].as_array().unwrap();
    let other = items.iter().find(|item| item["current"] == false).unwrap();
    let path = format!("/api/auth/sessions/{}", other["id"].as_str().unwrap());
    let _ = first.actor(&host).delete(&path).await.expect(204);
    third.is_ended().await;

    let mut fourth = login(&host, "ada").await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "another horse battery" });
    let changed = first
        .actor(&host)
        .post("/api/auth/change-password", &change)
        .await;
    let _ = changed.expect(204);
    fourth.is_ended().await;
    hears(&host, &mut first, 2).await;

    let forgot = json!({ "email": email("ada") });
    let asked = host
        .anonymous()
        .post("/api/auth/forgot-password", &forgot)
        .await;
    let _ = asked.expect(202);
    let link = host.letter(&email("ada"), "reset-password", "link").await;
    let token = &link[link.rfind(['=', '/']).unwrap() + 1..];
    let reset = json!({ "token": token, "password": "third horse battery" });
    let reset = host
        .anonymous()
        .post("/api/auth/reset-password", &reset)
        .await;
    assert!(reset.status.is_success(), "{}", reset.status);
    first.is_ended().await;
    for n in [1, 2, 3] {
        if n == 3 {
            say_on(&host, NEWS, 3).await;
        }
        assert_eq!(message(&mut eve.ear).await.1, json!(n));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_suspended_removed_or_erased_hears_no_more() {
    let host = super::herald().await;
    let boss = host.account("boss", Role::Admin);
    let mut bob = register(&host, "bob").await;
    let path = format!("/api/admin/users/{}", bob.id);
    let suspend = json!({ "status": "suspended" });
    let _ = boss.put(&path, &suspend).await.expect(200);
    bob.is_ended().await;
    let active = json!({ "status": "active" });
    let _ = boss.put(&path, &active).await.expect(200);
    let mut bob = login(&host, "bob").await;
    let _ = boss
        .put(&path, &json!({ "role": "vendor" }))
        .await
        .expect(200);
    bob.is_ended().await;

    let mut eve = register(&host, "eve").await;
    let erase = json!({ "password": PASSWORD });
    let body = erase.to_string();
    let erased = eve
        .actor(&host)
        .send(http::Method::DELETE, "/api/auth/account", body)
        .await;
    let _ = erased.expect(204);
    eve.is_ended().await;

    let mut dan = register(&host, "dan").await;
    let path = format!("/api/admin/users/{}", dan.id);
    let _ = boss.delete(&path).await.expect(204);
    dan.is_ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_the_organisation_comes_back_to_the_other_one() {
    let host = super::herald().await;
    let mut ada = register(&host, "ada").await;
    let made = ada
        .actor(&host)
        .post("/api/organizations", &json!({ "name": "Acme" }))
        .await;
    let made = made.json_of(201);
    let path = format!("/api/organizations/{}/switch", made["id"].as_str().unwrap());
    let switched = ada.actor(&host).post(&path, &json!({})).await;
    let _ = switched.expect(200);
    ada.is_ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_tells_everybody_and_takes_nobody() {
    let host = super::herald().await;
    let mut ears = [super::ear(&host, "ada"), super::ear(&host, "bob")];
    host.live.shutdown();
    for ear in &mut ears {
        assert_eq!(next(ear).await, Heard::End(End::Shutdown));
    }
    let refused = host.live.listen(super::listener("ada"));
    assert!(matches!(refused, Err(JoinError::Limit(_))));
}
