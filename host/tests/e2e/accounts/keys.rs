//! API keys: what they open, and when they stop.

use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost};

use super::{PASSWORD, actor, email, login, open, register, secret, sign_up, text, told};

async fn make(owner: &Actor, members: Value) -> Value {
    let mut body = json!({ "name": "robot", "scopes": ["*:write"] });
    body.as_object_mut()
        .unwrap()
        .extend(members.as_object().unwrap().clone());
    owner.post("/api/auth/keys", &body).await.json_of(201)
}

fn by(host: &TestHost, made: &Value) -> Actor {
    host.bearer(text(made, "key"))
}

/// A member of Ada's organisation with this role: the admin's actor, the member's, and the member's account.
async fn member(host: &TestHost, role: &str) -> (Actor, Actor, String) {
    let ada = sign_up(host, "Ada").await;
    let boss = actor(host, &ada);
    let bob = register(host, "bob").await;
    let invited = json!({ "email": email("bob"), "role": role });
    let _ = boss.post("/api/invitations", &invited).await.json_of(201);
    let link = host.letter(&email("bob"), "invitation", "link").await;
    let accepted = json!({ "token": secret(&link) });
    let accept = actor(host, &bob)
        .post("/api/invitations/accept", &accepted)
        .await;
    let _ = accept.json_of(200);
    let signed = login(host, "bob", PASSWORD).await.json_of(200);
    let id = text(&signed["user"], "id").to_owned();
    (boss, actor(host, &signed), id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_listed_and_revoked() {
    let host = open().await;
    let ada = actor(&host, &sign_up(&host, "Ada").await);
    let made = make(
        &ada,
        json!({ "scopes": ["organizations:read", "catalog:write"] }),
    )
    .await;
    assert!(text(&made, "key").starts_with(&format!("stoa_{}_", text(&made, "id"))));
    assert_eq!(made["role"], "admin");
    assert_eq!(made["organization"], "ada-ltd");
    let list = ada.get("/api/auth/keys").await.json_of(200);
    let listed = &list["items"][0];
    assert_eq!(listed["id"], made["id"]);
    assert_eq!(listed.get("key"), None);
    assert!(!list.to_string().contains(&text(&made, "key")[32..]));

    let robot = by(&host, &made);
    let _ = robot.get("/api/organization").await.expect(200);
    let path = format!("/api/auth/keys/{}", text(&made, "id"));
    let _ = ada.delete(&path).await.expect(204);
    let _ = robot
        .get("/api/organization")
        .await
        .problem(401, "invalid-token");
    let _ = ada.delete(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_what_its_scopes_say() {
    let host = open().await;
    let ada = actor(&host, &sign_up(&host, "Ada").await);
    for (scopes, status) in [
        (json!(["organizations:read"]), 200),
        (json!(["organizations:write"]), 200),
        (json!(["*:read"]), 200),
        (json!(["catalog:read"]), 403),
        (json!(["accounts:write"]), 403),
    ] {
        let made = make(&ada, json!({ "scopes": scopes })).await;
        let answer = by(&host, &made).get("/api/organization").await;
        assert_eq!(answer.status, status, "{scopes}");
    }
    let reads = make(&ada, json!({ "scopes": ["*:read"] })).await;
    let change = json!({ "name": "Other" });
    let answer = by(&host, &reads).patch("/api/organization", &change).await;
    let _ = answer.problem(403, "forbidden");
    let me = by(&host, &reads).get("/api/auth/me").await.json_of(200);
    assert_eq!(me["user"]["email"], "ada@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_changes_nothing_about_its_maker() {
    let host = open().await;
    let signed = sign_up(&host, "Ada").await;
    let ada = actor(&host, &signed);
    let made = make(&ada, json!({})).await;
    let robot = by(&host, &made);
    let id = text(&made, "id");
    for path in ["/api/auth/sessions", "/api/auth/keys", "/api/auth/export"] {
        let _ = robot.get(path).await.problem(403, "forbidden");
    }
    for (path, body) in [
        (
            "/api/auth/keys",
            json!({ "name": "x", "scopes": ["*:read"] }),
        ),
        (
            "/api/auth/change-password",
            json!({ "currentPassword": PASSWORD, "newPassword": "another horse" }),
        ),
        ("/api/auth/logout", json!({})),
        ("/api/auth/verify/resend", json!({})),
    ] {
        let _ = robot.post(path, &body).await.problem(403, "forbidden");
    }
    for path in [
        "/api/auth/sessions",
        "/api/auth/account",
        &format!("/api/auth/keys/{id}"),
    ] {
        let _ = robot.delete(path).await.problem(403, "forbidden");
    }
    let name = json!({ "name": "Eve" });
    let _ = robot
        .patch("/api/auth/profile", &name)
        .await
        .problem(403, "forbidden");
    let _ = ada.get("/api/auth/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_on_its_day() {
    let host = open().await;
    let ada = actor(&host, &sign_up(&host, "Ada").await);
    let made = make(&ada, json!({ "expiresInDays": 2 })).await;
    assert_eq!(made["expiresAt"], "2026-01-03T00:00:00.000Z");
    let robot = by(&host, &made);
    host.clock.advance(2 * 86_400_000 - 1);
    let _ = robot.get("/api/organization").await.expect(200);
    host.clock.advance(1);
    let _ = robot
        .get("/api/organization")
        .await
        .problem(401, "invalid-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_with_its_makers_place_and_counts_no_more_than_they_do() {
    let host = open().await;
    let (boss, bob, id) = member(&host, "admin").await;
    let made = make(&bob, json!({})).await;
    let robot = by(&host, &made);
    let _ = robot.get("/api/invitations").await.expect(200);
    let role = boss
        .patch(
            &format!("/api/users/{id}/role"),
            &json!({ "role": "viewer" }),
        )
        .await;
    let _ = role.expect(200);
    let _ = robot
        .get("/api/invitations")
        .await
        .problem(403, "forbidden");
    let _ = robot.get("/api/organization").await.expect(200);
    let _ = boss.delete(&format!("/api/users/{id}")).await.expect(204);
    let _ = robot
        .get("/api/organization")
        .await
        .problem(401, "invalid-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_makes_keys_of_another_role() {
    let host = open().await;
    let (boss, bob, _) = member(&host, "developer").await;
    for role in ["admin", "worker", "viewer", "user"] {
        let body = json!({ "name": "robot", "scopes": ["*:write"], "role": role });
        let answer = bob.post("/api/auth/keys", &body).await;
        let _ = answer.problem(403, "forbidden");
    }
    let made = make(&bob, json!({ "role": "developer" })).await;
    assert_eq!(made["role"], "developer");
    let worker = make(&boss, json!({ "role": "worker" })).await;
    let me = by(&host, &worker).get("/api/auth/me").await.json_of(200);
    assert_eq!(me["user"]["role"], "worker");
    // An admin's word counts for every key of the organisation, others' for their own.
    let theirs = format!("/api/auth/keys/{}", text(&made, "id"));
    let bosses = format!("/api/auth/keys/{}", text(&worker, "id"));
    let _ = bob.delete(&bosses).await.expect(404);
    let _ = boss.delete(&theirs).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_missing_keys_look_the_same() {
    let host = open().await;
    let ada = actor(&host, &sign_up(&host, "Ada").await);
    let eve = actor(&host, &sign_up(&host, "Eve").await);
    let foreign = make(&eve, json!({})).await;
    let revoke = async |id: &str| told(&ada.delete(&format!("/api/auth/keys/{id}")).await);
    let missing = revoke("01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
    assert_eq!(missing.0, 404);
    for id in [text(&foreign, "id"), "x", "a%20b"] {
        assert_eq!(revoke(id).await, missing, "{id}");
    }
    let _ = by(&host, &foreign)
        .get("/api/organization")
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_noted_beside_the_request() {
    let host = open().await;
    let ada = actor(&host, &sign_up(&host, "Ada").await);
    let made = make(&ada, json!({})).await;
    let robot = by(&host, &made);
    let noted = async |expected: &str| {
        for _ in 0..1_000 {
            let list = ada.get("/api/auth/keys").await.json_of(200);
            if list["items"][0]["lastUsedAt"] == expected {
                return true;
            }
            tokio::task::yield_now().await;
        }
        false
    };
    let _ = robot.get("/api/organization").await.expect(200);
    assert!(noted("2026-01-01T00:00:00.000Z").await);
    host.clock.advance(3_599_999);
    let _ = robot.get("/api/organization").await.expect(200);
    host.clock.advance(1);
    let _ = robot.get("/api/organization").await.expect(200);
    assert!(noted("2026-01-01T01:00:00.000Z").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_key_is_refused_by_its_member() {
    let host = open().await;
    let ada = actor(&host, &sign_up(&host, "Ada").await);
    for (member, value) in [
        ("name", json!(" ")),
        ("name", json!("x".repeat(101))),
        ("scopes", json!([])),
        ("scopes", json!(["catalog"])),
        ("scopes", json!(["catalog:admin"])),
        ("scopes", json!(vec!["catalog:read"; 65])),
        ("role", json!("root")),
        ("expiresInDays", json!(0)),
        ("expiresInDays", json!(3_651)),
        ("account", json!("eve")),
    ] {
        let mut body = json!({ "name": "robot", "scopes": ["*:read"] });
        body[member] = value;
        let problem = ada
            .post("/api/auth/keys", &body)
            .await
            .problem(400, "invalid-request");
        assert_eq!(problem["field"], member, "{body}");
    }
    for _ in 0..50 {
        make(&ada, json!({})).await;
    }
    let body = json!({ "name": "robot", "scopes": ["*:read"] });
    let answer = ada.post("/api/auth/keys", &body).await;
    let _ = answer.problem(403, "too-many-keys");
}
