//! Sessions: listed and ended, and what ends with them.

use serde_json::{Value, json};

use super::{PASSWORD, actor, email, login, open, register, sign_up, text, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_their_sessions_and_ends_them() {
    let host = open().await;
    let first = register(&host, "ada").await;
    let laptop = host.anonymous().header("user-agent", "Laptop/1.0");
    let body = json!({ "email": email("ada"), "password": PASSWORD });
    host.clock.advance(1_000);
    let second = laptop.post("/api/auth/login", &body).await.json_of(200);
    register(&host, "eve").await;

    let list = actor(&host, &first)
        .get("/api/auth/sessions")
        .await
        .json_of(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["userAgent"], "Laptop/1.0");
    assert_eq!(
        (&items[0]["current"], &items[1]["current"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(items[0]["createdAt"], "2026-01-01T00:00:01.000Z");
    assert_eq!(items[0]["expiresAt"], "2026-01-31T00:00:01.000Z");

    let ended = format!("/api/auth/sessions/{}", text(&items[0], "id"));
    let _ = actor(&host, &first).delete(&ended).await.expect(204);
    let _ = actor(&host, &second)
        .get("/api/auth/me")
        .await
        .problem(401, "invalid-token");
    let body = json!({ "refreshToken": second["refreshToken"] });
    let _ = host
        .anonymous()
        .post("/api/auth/refresh", &body)
        .await
        .expect(401);
    let _ = actor(&host, &first).delete(&ended).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_missing_sessions_look_the_same() {
    let host = open().await;
    let (ada, eve) = (register(&host, "ada").await, register(&host, "eve").await);
    let list = actor(&host, &eve)
        .get("/api/auth/sessions")
        .await
        .json_of(200);
    let foreign = text(&list["items"][0], "id").to_owned();
    let ada = actor(&host, &ada);
    let end = async |id: &str| told(&ada.delete(&format!("/api/auth/sessions/{id}")).await);
    let missing = end("01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
    assert_eq!(missing.0, 404);
    for id in [foreign.as_str(), "x", "%00", &"x".repeat(300)] {
        assert_eq!(end(id).await, missing, "{id}");
    }
    let _ = actor(&host, &eve).get("/api/auth/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_others_end_and_this_one_stays() {
    let host = open().await;
    let kept = register(&host, "ada").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(login(&host, "ada", PASSWORD).await.json_of(200));
    }
    let ada = actor(&host, &kept);
    let _ = ada.delete("/api/auth/sessions").await.expect(204);
    for other in &others {
        let _ = actor(&host, other).get("/api/auth/me").await.expect(401);
    }
    let list = ada.get("/api/auth/sessions").await.json_of(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let body = json!({ "refreshToken": kept["refreshToken"] });
    let _ = host
        .anonymous()
        .post("/api/auth/refresh", &body)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_is_out_with_the_next_request() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let ada = actor(&host, &signed);
    let _ = ada.post("/api/auth/logout", &json!({})).await.expect(204);
    for path in ["/api/auth/me", "/api/auth/sessions", "/api/organizations"] {
        let _ = ada.get(path).await.problem(401, "invalid-token");
    }
    let body = json!({ "refreshToken": signed["refreshToken"] });
    let answer = host.anonymous().post("/api/auth/refresh", &body).await;
    let _ = answer.problem(401, "invalid-refresh-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_only_so_many_sessions_and_the_oldest_makes_room() {
    const SESSIONS_MAX: usize = 50;
    let host = open().await;
    let mut sessions = vec![register(&host, "ada").await];
    let begin = async |sessions: &mut Vec<Value>| {
        host.clock.advance(1);
        sessions.push(login(&host, "ada", PASSWORD).await.json_of(200));
    };
    let list = async |session: &Value| {
        let list = actor(&host, session).get("/api/auth/sessions").await;
        list.json_of(200)["items"].as_array().unwrap().clone()
    };
    while sessions.len() < SESSIONS_MAX {
        begin(&mut sessions).await;
    }
    // One that has ended makes room for another.
    let mine = list(&sessions[0]).await;
    assert_eq!(mine.len(), SESSIONS_MAX);
    let path = format!("/api/auth/sessions/{}", text(&mine[0], "id"));
    let _ = actor(&host, &sessions[0]).delete(&path).await.expect(204);
    begin(&mut sessions).await;
    assert_eq!(list(&sessions[0]).await.len(), SESSIONS_MAX);
    for oldest in 0..2 {
        begin(&mut sessions).await;
        let ended = actor(&host, &sessions[oldest]).get("/api/auth/me").await;
        let _ = ended.problem(401, "invalid-token");
        assert_eq!(list(&sessions[oldest + 1]).await.len(), SESSIONS_MAX);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_changes_or_a_place_that_is_taken_counts_at_once() {
    let host = open().await;
    let ada = sign_up(&host, "Ada").await;
    let bob = register(&host, "bob").await;
    let invited = json!({ "email": email("bob"), "role": "admin" });
    let boss = actor(&host, &ada);
    let _ = boss.post("/api/invitations", &invited).await.json_of(201);
    let link = host.letter(&email("bob"), "invitation", "link").await;
    let accepted = json!({ "token": super::secret(&link) });
    let accept = actor(&host, &bob)
        .post("/api/invitations/accept", &accepted)
        .await;
    let _ = accept.json_of(200);

    let signed = login(&host, "bob", PASSWORD).await.json_of(200);
    assert_eq!(signed["user"]["role"], "admin");
    let member = actor(&host, &signed);
    let _ = member.get("/api/invitations").await.expect(200);
    let path = format!("/api/users/{}", text(&bob["user"], "id"));
    let role = boss
        .patch(&format!("{path}/role"), &json!({ "role": "viewer" }))
        .await;
    let _ = role.json_of(200);
    let _ = member
        .get("/api/invitations")
        .await
        .problem(403, "forbidden");
    let me = member.get("/api/auth/me").await.json_of(200);
    assert_eq!(me["user"]["role"], "viewer");

    let _ = boss.delete(&path).await.expect(204);
    for path in ["/api/auth/me", "/api/users"] {
        let _ = member.get(path).await.problem(401, "invalid-token");
    }
    // The account itself is as it was, in the default tenant.
    let again = login(&host, "bob", PASSWORD).await.json_of(200);
    assert_eq!(
        (&again["user"]["role"], &again["organization"]),
        (&json!("user"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_accepts_without_an_account_makes_one_and_signs_in_with_it() {
    let host = open().await;
    let ada = sign_up(&host, "Ada").await;
    let invited = json!({ "email": "new@example.com", "role": "developer" });
    let invite = actor(&host, &ada).post("/api/invitations", &invited).await;
    let _ = invite.json_of(201);
    let link = host.letter("new@example.com", "invitation", "link").await;
    let accept = async |password: &str| {
        let body =
            json!({ "token": super::secret(&link), "name": "New Person", "password": password });
        host.anonymous()
            .post("/api/invitations/accept", &body)
            .await
    };
    let _ = accept("short").await.problem(400, "invalid-request");
    let _ = accept(PASSWORD).await.json_of(200);
    let signed = login(&host, "new", PASSWORD).await.json_of(200);
    assert_eq!(signed["user"]["role"], "developer");
    assert_eq!(signed["user"]["isEmailVerified"], true);
    assert_eq!(signed["organization"]["id"], "ada-ltd");
}
