//! A person's data: taken along, and deleted.

use serde_json::{Value, json};
use stoa_identity::organizations;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::identity::Role;
use stoa_kernel::query::Query;
use stoa_kernel::store::Store as _;
use stoa_testkit::{Actor, TestHost};

use super::{PASSWORD, actor, email, login, open, register, secret, sign_up, sign_up_code, text};

async fn erase(actor: &Actor, body: &Value) -> stoa_testkit::Answer {
    let method = http::Method::DELETE;
    actor
        .send(method, "/api/auth/account", body.to_string())
        .await
}

/// Everything that the platform keeps for accounts and organisations, as text.
async fn kept(host: &TestHost) -> String {
    let work = host.store.begin(&TenantId::platform()).await.unwrap();
    let mut text = String::new();
    for (service, names) in [
        (
            "accounts",
            &[
                "accounts",
                "sessions",
                "keys",
                "codes",
                "attempts",
                "externals",
            ][..],
        ),
        ("organizations", &["memberships", "founders"][..]),
    ] {
        for name in names {
            let query = Query {
                limit: 200,
                ..Query::default()
            };
            let collection = CollectionName::new(service, name);
            for document in work.query(&collection, &query).await.unwrap().items {
                text.push_str(&format!("{name} {} {}\n", document.id, document.body));
            }
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_along_what_is_kept_about_them() {
    let host = open().await;
    let signed = sign_up(&host, "Ada").await;
    let ada = actor(&host, &signed);
    let key = json!({ "name": "robot", "scopes": ["*:read"] });
    let made = ada.post("/api/auth/keys", &key).await.json_of(201);
    register(&host, "eve").await;
    let answer = ada.get("/api/auth/export").await;
    assert!(
        answer
            .text("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    let export = answer.json_of(200);
    assert_eq!(export["user"], signed["user"]);
    assert_eq!(export["organizations"][0]["id"], "ada-ltd");
    assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(export["keys"][0]["id"], made["id"]);
    let whole = export.to_string();
    for secret in [
        "argon2",
        "eve@",
        text(&signed, "refreshToken"),
        text(&made, "key"),
    ] {
        assert!(!whole.contains(secret), "{secret}");
    }
    let _ = host.anonymous().get("/api/auth/export").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_goes_with_all_that_hangs_on_it() {
    let host = open().await;
    let signed = sign_up(&host, "Ada").await;
    let ada = actor(&host, &signed);
    let key = json!({ "name": "robot", "scopes": ["*:read"] });
    let made = ada.post("/api/auth/keys", &key).await.json_of(201);
    let _ = login(&host, "ada", "wrong horse").await.expect(401);
    let code = json!({ "email": email("ada") });
    for path in ["/api/auth/forgot-password", "/api/v1/auth/email-signin"] {
        let _ = host.anonymous().post(path, &code).await.expect(202);
    }
    let id = text(&signed["user"], "id").to_owned();
    assert!(kept(&host).await.contains(&id));

    let none = erase(&ada, &json!({})).await;
    assert_eq!(none.problem(400, "invalid-request")["field"], "password");
    let wrong = erase(&ada, &json!({ "password": "wrong horse" })).await;
    let _ = wrong.problem(403, "wrong-password");
    let _ = erase(&ada, &json!({ "password": PASSWORD }))
        .await
        .expect(204);

    let _ = ada.get("/api/auth/me").await.expect(401);
    let robot = host.bearer(text(&made, "key"));
    let _ = robot.get("/api/organization").await.expect(401);
    let _ = login(&host, "ada", PASSWORD).await.expect(401);
    let left = kept(&host).await;
    let of_ada: Vec<&str> = left
        .lines()
        .filter(|line| line.contains(&id) || line.contains("ada@"))
        .collect();
    assert!(of_ada.is_empty(), "{of_ada:?}");
    // The address is free again; the organisation's name leads to no old data.
    let again = sign_up(&host, "Ada").await;
    assert_ne!(again["user"]["id"].as_str(), Some(&*id));
    assert_ne!(again["organization"]["id"], "ada-ltd");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_leaves_others_without_an_admin() {
    let host = open().await;
    let signed = sign_up(&host, "Ada").await;
    let ada = actor(&host, &signed);
    let bob = register(&host, "bob").await;
    let invited = json!({ "email": email("bob"), "role": "viewer" });
    let _ = ada.post("/api/invitations", &invited).await.json_of(201);
    let link = host.letter(&email("bob"), "invitation", "link").await;
    let accepted = json!({ "token": secret(&link) });
    let bob = actor(&host, &bob);
    let accept = bob.post("/api/invitations/accept", &accepted).await;
    let _ = accept.json_of(200);
    let body = json!({ "password": PASSWORD });
    let _ = erase(&ada, &body).await.problem(409, "last-admin");
    let _ = ada.get("/api/auth/me").await.expect(200);
    let _ = erase(&bob, &body).await.expect(204);
    let _ = erase(&ada, &body).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_leaves_the_default_tenant_without_an_admin() {
    let host = open().await;
    let (ada, bob) = (register(&host, "ada").await, register(&host, "bob").await);
    let main = TenantId::parse("main").unwrap();
    for signed in [&ada, &bob] {
        let (main, id) = (&main, text(&signed["user"], "id"));
        let placed = host.platform.transact(|unit| async move {
            organizations::place(&unit, main, id, Role::Admin, 0).await
        });
        placed.await.unwrap();
    }
    let body = json!({ "password": PASSWORD });
    let (ada, bob) = (actor(&host, &ada), actor(&host, &bob));
    let _ = erase(&ada, &body).await.expect(204);
    let _ = erase(&bob, &body).await.problem(409, "last-admin");
    let _ = bob.get("/api/auth/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_goes_without_one() {
    let host = open().await;
    let code = sign_up_code(&host, "ada").await;
    let body = json!({ "email": email("ada"), "code": code });
    let signed = host
        .anonymous()
        .post("/api/v1/auth/email-verify", &body)
        .await
        .json_of(200);
    let ada = actor(&host, &signed);
    let _ = ada.delete("/api/auth/account").await.expect(204);
    let _ = ada.get("/api/auth/me").await.expect(401);
    let anonymous = host.anonymous().delete("/api/auth/account").await;
    let _ = anonymous.expect(401);
}
