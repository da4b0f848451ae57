//! `POST /api/auth/signup` and `POST /api/auth/register`.

use http::Method;
use serde_json::{Value, json};

use super::{PASSWORD, actor, email, open, register, sign_up, text};
use crate::shop::assert_refused;

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_up_is_the_admin_of_a_new_organisation_and_signed_in() {
    let host = open().await;
    let signed = sign_up(&host, "Ada").await;
    assert_eq!(
        signed["organization"],
        json!({ "id": "ada-ltd", "name": "Ada Ltd" })
    );
    let user = &signed["user"];
    assert_eq!(user["email"], "ada@example.com");
    assert_eq!(user["role"], "admin");
    assert_eq!(user["isEmailVerified"], false);
    assert_eq!(user["organization"], signed["organization"]);
    assert_eq!(user["createdAt"], "2026-01-01T00:00:00.000Z");
    assert_eq!(signed["token"], signed["accessToken"]);
    assert_eq!(signed["tokenType"], "Bearer");
    assert!(signed["expiresIn"].as_u64().unwrap() > 0);

    let me = actor(&host, &signed).get("/api/auth/me").await.json_of(200);
    assert_eq!(&me["user"], user);
    let members = actor(&host, &signed).get("/api/users").await.json_of(200);
    assert_eq!(members["total"], 1);
    // The address has a link to verify it.
    let link = host.letter("ada@example.com", "verify-email", "link").await;
    assert!(
        link.starts_with("https://stoa.test/api/auth/verify/"),
        "{link}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_registers_is_a_user_of_the_default_tenant() {
    let host = open().await;
    let body = json!({
        "email": " Grace@Example.com ", "password": PASSWORD, "firstName": "Grace", "lastName": "Brewster Hopper",
    });
    let answer = host.anonymous().post("/api/auth/register", &body).await;
    assert_eq!(answer.text("cache-control"), Some("no-store"));
    let signed = answer.json_of(201);
    let user = &signed["user"];
    assert_eq!(
        [
            text(user, "email"),
            text(user, "name"),
            text(user, "firstName"),
            text(user, "lastName"),
            text(user, "role")
        ],
        [
            "grace@example.com",
            "Grace Brewster Hopper",
            "Grace",
            "Brewster Hopper",
            "user"
        ]
    );
    assert_eq!(user["organization"], Value::Null);
    assert!(!signed["refreshToken"].as_str().unwrap().is_empty());
    let me = actor(&host, &signed)
        .get("/api/auth/profile")
        .await
        .json_of(200);
    assert_eq!(&me["user"], user);
    host.letter("grace@example.com", "verify-email", "link")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_told_whatever_its_capitals() {
    let host = open().await;
    register(&host, "ada").await;
    for path in ["/api/auth/signup", "/api/auth/register"] {
        let body = json!({ "email": "ADA@example.com", "password": PASSWORD, "name": "Eve" });
        let answer = host.anonymous().post(path, &body).await;
        let _ = answer.problem(409, "email-taken");
    }
    let letters = host.letters(&email("ada")).await;
    assert_eq!(
        letters.len(),
        1,
        "nothing was done for those who were refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_sign_up_is_refused_by_its_member_and_leaves_nothing() {
    let host = open().await;
    let whole = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" });
    for path in ["/api/auth/signup", "/api/auth/register"] {
        for (member, value) in [
            ("email", json!("nobody")),
            ("email", json!("a b@example.com")),
            ("email", json!(7)),
            ("email", Value::Null),
            ("password", json!("short")),
            ("password", json!("x".repeat(257))),
            ("password", json!("Password123")),
            ("password", json!("ada@EXAMPLE.com")),
            ("password", Value::Null),
            ("name", json!(" ")),
            ("name", json!("x".repeat(101))),
            ("name", json!("a\u{0}b")),
            ("firstName", json!("")),
            ("lastName", json!("a\nb")),
            ("role", json!("admin")),
            ("verified", json!(true)),
            ("operator", json!(true)),
            ("id", json!("mine")),
        ] {
            let mut body = whole.clone();
            body[member] = value.clone();
            let sent = body.to_string();
            let answer = host
                .anonymous()
                .send(Method::POST, path, sent.clone())
                .await;
            assert_refused(answer, Some(member), &sent);
        }
        for member in ["email", "password", "name"] {
            let mut body = whole.clone();
            body.as_object_mut().unwrap().remove(member);
            let answer = host.anonymous().post(path, &body).await;
            assert_eq!(answer.status, 400, "{body}");
        }
        for bad in ["", "{", "[]", "null", "7"] {
            let answer = host.anonymous().send(Method::POST, path, bad).await;
            assert_eq!(answer.status, 400, "{bad}");
        }
    }
    let mut body = whole.clone();
    body["organizationName"] = json!(" ");
    let answer = host.anonymous().post("/api/auth/signup", &body).await;
    assert_refused(answer, Some("organizationName"), "a blank organisation");
    // The address is still free.
    let _ = host
        .anonymous()
        .post("/api/auth/signup", &whole)
        .await
        .json_of(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_repeats_a_password() {
    let host = open().await;
    for body in [
        r#"{"email":"ada@example.com","password":["hunter2hunter2"],"name":"Ada"}"#,
        r#"{"email":"nobody","password":"hunter2hunter2","name":"Ada"}"#,
        r#"{"email":"ada@example.com","password":"hunter2hunter2","name":7}"#,
    ] {
        let answer = host
            .anonymous()
            .send(Method::POST, "/api/auth/register", body)
            .await
            .expect(400);
        assert!(!String::from_utf8_lossy(&answer.body).contains("hunter2"));
    }
}
