//! Repetitions of requests to the host's own services, by their `Idempotency-Key`.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::{Actor, Answer, TestHost};
use tokio::task::JoinSet;

use super::{PARALLEL, actor, email, login, sign_up, text};

async fn host() -> Arc<TestHost> {
    Arc::new(TestHost::builder().start().await)
}

fn is_replay(answer: &Answer) -> bool {
    answer.text("idempotent-replayed") == Some("true")
}

async fn organizations(of: &Actor) -> usize {
    let list = of.get("/api/organizations").await.json_of(200);
    list["items"].as_array().unwrap().len()
}

/// Somebody who has joined the admin's organisation; their id.
async fn member(host: &TestHost, admin: &Actor, name: &str) -> String {
    let invitation = json!({ "email": email(name), "role": "viewer" });
    let sent = admin.post("/api/invitations", &invitation).await;
    let _ = sent.expect(201);
    let link = host.letter(&email(name), "invitation", "link").await;
    let acceptance =
        json!({ "token": super::secret(&link), "name": name, "password": super::PASSWORD });
    let anybody = host.anonymous();
    let accepted = anybody.post("/api/invitations/accept", &acceptance).await;
    assert!(accepted.status.is_success());
    let signed_in = login(host, name, super::PASSWORD).await.json_of(200);
    text(&signed_in["user"], "id").to_owned()
}

/// Every route of the services whose answers are kept, with a request that succeeds.
async fn requests(host: &TestHost) -> Vec<(&'static str, &'static str, Actor, String, Value)> {
    let signed = sign_up(host, "Ada").await;
    let ada = actor(host, &signed);
    let organization = text(&signed["organization"], "id").to_owned();
    // The same person, by a token that does not end with what it does.
    let lasting = |id: &str, role| host.account_in(&organization, id, role);

    let other = login(host, "ada", super::PASSWORD).await.json_of(200);
    let mine = actor(host, &other)
        .get("/api/auth/sessions")
        .await
        .json_of(200);
    let mut sessions = mine["items"].as_array().unwrap().iter();
    let own = sessions.find(|session| session["current"] == true);
    let session = text(own.unwrap(), "id").to_owned();
    let key = json!({ "name": "k", "scopes": ["*:read"] });
    let key = ada.post("/api/auth/keys", &key).await.json_of(201);
    let invitation = json!({ "email": "late@example.com", "role": "viewer" });
    let late = ada.post("/api/invitations", &invitation).await.json_of(201);
    let bob = member(host, &ada, "bob").await;
    let dan = member(host, &ada, "dan").await;
    let eve = member(host, &ada, "eve").await;
    let leaving = lasting(&eve, Role::Viewer);

    let none = Value::Null;
    let path = |start: &str, id: &str| format!("{start}/{id}");
    vec![
        (
            "PATCH",
            "/api/auth/profile",
            ada.clone(),
            "/api/auth/profile".into(),
            json!({ "name": "Augusta" }),
        ),
        (
            "POST",
            "/api/auth/verify/resend",
            ada.clone(),
            "/api/auth/verify/resend".into(),
            none.clone(),
        ),
        (
            "DELETE",
            "/api/auth/sessions/{id}",
            ada.clone(),
            path("/api/auth/sessions", &session),
            none.clone(),
        ),
        (
            "DELETE",
            "/api/auth/keys/{id}",
            ada.clone(),
            path("/api/auth/keys", text(&key, "id")),
            none.clone(),
        ),
        (
            "PATCH",
            "/api/organization",
            ada.clone(),
            "/api/organization".into(),
            json!({ "name": "Analytical" }),
        ),
        (
            "POST",
            "/api/organizations",
            ada.clone(),
            "/api/organizations".into(),
            json!({ "name": "Second" }),
        ),
        (
            "DELETE",
            "/api/invitations/{id}",
            ada.clone(),
            path("/api/invitations", text(&late, "id")),
            none.clone(),
        ),
        (
            "PATCH",
            "/api/users/{id}/role",
            ada.clone(),
            format!("/api/users/{bob}/role"),
            json!({ "role": "developer" }),
        ),
        (
            "PUT",
            "/api/admin/users/{id}",
            ada.clone(),
            path("/api/admin/users", &bob),
            json!({ "role": "viewer" }),
        ),
        (
            "DELETE",
            "/api/users/{id}",
            ada.clone(),
            path("/api/users", &bob),
            none.clone(),
        ),
        (
            "DELETE",
            "/api/admin/users/{id}",
            ada.clone(),
            path("/api/admin/users", &dan),
            none.clone(),
        ),
        // A free plan has no more room for guests before somebody has gone.
        (
            "POST",
            "/api/invitations",
            ada,
            "/api/invitations".into(),
            json!({ "email": "new@example.com", "role": "viewer" }),
        ),
        (
            "POST",
            "/api/organization/leave",
            leaving,
            "/api/organization/leave".into(),
            none,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_a_service_that_may_be_kept_is_told_again() {
    let host = host().await;
    let mut tried = BTreeSet::new();
    for (method, route, actor, path, body) in requests(&host).await {
        let actor = actor.idempotent(&format!("once {route}").replace(' ', "-"));
        let send = || {
            let body = if body.is_null() {
                String::new()
            } else {
                body.to_string()
            };
            actor.send(method.parse::<Method>().unwrap(), &path, body)
        };
        let (first, again) = (send().await, send().await);
        assert!(
            first.status.is_success() && !is_replay(&first),
            "{method} {route}: {first:?}"
        );
        assert!(is_replay(&again), "{method} {route}: {again:?}");
        assert_eq!(
            (first.status, &first.body),
            (again.status, &again.body),
            "{method} {route}"
        );
        tried.insert((method.to_owned(), route.to_owned()));
    }
    let routes = host.edge.routes();
    let of_services = routes
        .iter()
        .filter(|(owner, _)| owner == "accounts" || owner == "organizations");
    let kept = of_services.filter(|(_, route)| route.replay && route.method.as_str() != "GET");
    let kept = kept.map(|(_, route)| (route.method.to_string(), route.path.clone()));
    assert_eq!(tried, kept.collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_repeated_happens_once() {
    let host = host().await;
    let signed = sign_up(&host, "Ada").await;
    let ada = actor(&host, &signed);
    let again = ada.idempotent("k1");
    let invitation = json!({ "email": "bob@example.com", "role": "viewer" });
    for _ in 0..3 {
        let _ = again
            .post("/api/invitations", &invitation)
            .await
            .expect(201);
        let new = json!({ "name": "Second" });
        let _ = again.post("/api/organizations", &new).await.expect(201);
    }
    assert_eq!(host.letters("bob@example.com").await.len(), 1);
    assert_eq!(organizations(&ada).await, 2);

    let other = json!({ "name": "Third" });
    let mismatch = again.post("/api/organizations", &other).await;
    let _ = mismatch.problem(422, "idempotency-mismatch");
    // The key is its owner's alone, and what failed was not kept.
    let eve = actor(&host, &sign_up(&host, "Eve").await).idempotent("k1");
    let _ = eve
        .post("/api/organizations", &json!({ "name": "" }))
        .await
        .expect(400);
    let own = eve.post("/api/organizations", &other).await.expect(201);
    assert!(!is_replay(&own));
    host.clock.advance(86_400_000);
    let late = again.post("/api/organizations", &other).await.expect(201);
    assert!(!is_replay(&late), "a day is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_do_less_than_its_maker_is_told_nothing_of_theirs() {
    let host = host().await;
    let ada = actor(&host, &sign_up(&host, "Ada").await);
    let key = json!({ "name": "k", "scopes": ["*:write"] });
    let key = ada.post("/api/auth/keys", &key).await.json_of(201);
    let new = json!({ "name": "Second" });
    let made = ada.idempotent("k1").post("/api/organizations", &new).await;
    let _ = made.expect(201);
    let robot = host.bearer(text(&key, "key")).idempotent("k1");
    let refused = robot.post("/api/organizations", &new).await;
    let _ = refused.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_repetitions_at_once_one_is_carried_out() {
    let host = host().await;
    let ada = actor(&host, &sign_up(&host, "Ada").await);
    let mut racing = JoinSet::new();
    for _ in 0..PARALLEL {
        let (ada, host) = (ada.idempotent("k1"), Arc::clone(&host));
        racing.spawn(async move {
            let new = json!({ "name": "Second" });
            let answer = ada.post("/api/organizations", &new).await;
            drop(host);
            answer
        });
    }
    let mut carried_out = 0;
    for answer in racing.join_all().await {
        match answer.status.as_u16() {
            201 => carried_out += usize::from(!is_replay(&answer)),
            _ => {
                let waits = answer.text("retry-after").map(ToOwned::to_owned);
                let _ = answer.problem(409, "idempotency-in-flight");
                assert_eq!(waits.as_deref(), Some("1"));
            }
        }
    }
    assert_eq!((carried_out, organizations(&ada).await), (1, 2));
}

/// Tokens and digests of passwords are not kept for a day: such requests are what they are without a key.
#[tokio::test(flavor = "multi_thread")]
async fn what_holds_secrets_is_never_told_again() {
    let host = host().await;
    let anybody = host.anonymous().idempotent("k1");
    let new = json!({ "email": email("ada"), "password": super::PASSWORD, "name": "Ada", "organizationName": "A" });
    let signed = anybody.post("/api/auth/signup", &new).await.json_of(201);
    let _ = anybody
        .post("/api/auth/signup", &new)
        .await
        .problem(409, "email-taken");

    let credentials = json!({ "email": email("ada"), "password": super::PASSWORD });
    let mut tokens = BTreeSet::new();
    for _ in 0..2 {
        let answer = anybody.post("/api/auth/login", &credentials).await;
        assert!(!is_replay(&answer));
        tokens.insert(text(&answer.json_of(200), "refreshToken").to_owned());
    }
    assert_eq!(tokens.len(), 2);
    let refresh = json!({ "refreshToken": signed["refreshToken"] });
    let _ = anybody
        .post("/api/auth/refresh", &refresh)
        .await
        .expect(200);
    let again = anybody.post("/api/auth/refresh", &refresh).await;
    let _ = again.problem(401, "invalid-refresh-token");

    let ada = actor(&host, &signed).idempotent("k1");
    let key = json!({ "name": "k", "scopes": ["*:read"] });
    let (one, other) = (
        ada.post("/api/auth/keys", &key).await,
        ada.post("/api/auth/keys", &key).await,
    );
    assert_ne!(one.json_of(201)["key"], other.json_of(201)["key"]);
}
