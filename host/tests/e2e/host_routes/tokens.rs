//! `/auth/token`, and what its tokens open.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::TestHost;

use crate::shop;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_host_opens_what_its_role_may() {
    let host = shop::open().await;
    let issued = async |body: Value| {
        host.anonymous()
            .post("/auth/token", &body)
            .await
            .json_of(200)
    };
    let bearer = |issued: &Value| {
        host.anonymous().header(
            "authorization",
            &format!("Bearer {}", issued["token"].as_str().unwrap()),
        )
    };

    let admin = issued(json!({ "userId": "boss", "email": "boss@example.com" })).await;
    assert_eq!(
        (
            &admin["user"]["role"],
            &admin["user"]["organization"],
            &admin["tokenType"]
        ),
        (&json!("admin"), &json!("main"), &json!("Bearer"))
    );
    let made = bearer(&admin)
        .post("/products", &shop::product(json!({ "id": "w1" })))
        .await
        .json_of(201);
    assert_eq!(made["vendorId"], "boss");

    let user = issued(json!({ "userId": "u1", "email": "u1@example.com", "role": "user" })).await;
    assert_eq!(bearer(&user).get("/products/w1").await.json_of(200), made);
    let _ = bearer(&user)
        .post("/products", &shop::product(json!({})))
        .await
        .problem(403, "forbidden");

    let artist =
        issued(json!({ "userId": "a1", "email": "a1@example.com", "role": "artist" })).await;
    assert_eq!(artist["user"]["role"], "vendor");
    assert_eq!(
        bearer(&artist)
            .post("/api/v1/products", &shop::product(json!({})))
            .await
            .json_of(201)["vendorId"],
        "a1"
    );

    let rival =
        issued(json!({ "userId": "boss", "email": "boss@example.com", "organization": "rival" }))
            .await;
    let _ = bearer(&rival)
        .header("x-tenant", "main")
        .get("/products/w1")
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_no_possible_token_gets_none() {
    let host = shop::open().await;
    let token = async |body: &str| {
        host.anonymous()
            .send(Method::POST, "/auth/token", body.to_owned())
            .await
    };
    for (body, field) in [
        (r#"{"userId":"","email":"a@b.example"}"#, "userId"),
        (r#"{"userId":"a\u0000","email":"a@b.example"}"#, "userId"),
        (r#"{"userId":"u","email":"nobody"}"#, "email"),
        (
            r#"{"userId":"u","email":"a@b.example","organization":"../main"}"#,
            "organization",
        ),
    ] {
        shop::assert_refused(token(body).await, Some(field), body);
    }
    for (body, named) in [
        ("{", ""),
        ("", ""),
        (r#"{"email":"a@b.example"}"#, "userId"),
        (r#"{"userId":7,"email":"a@b.example"}"#, ""),
        (
            r#"{"userId":"u","email":"a@b.example","role":"root"}"#,
            "root",
        ),
        (
            r#"{"userId":"u","email":"a@b.example","scope":"all"}"#,
            "scope",
        ),
    ] {
        let answer = token(body).await;
        assert_eq!(
            answer
                .text("content-type")
                .map(|kind| kind.contains("json")),
            Some(true),
            "{body}"
        );
        assert!(
            [400, 415].contains(&answer.status.as_u16()),
            "{body}: {}",
            answer.json()
        );
        assert!(
            answer.json()["detail"].as_str().unwrap().contains(named),
            "{body}: {}",
            answer.json()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_is_refused_everywhere() {
    let host = shop::open().await;
    let elsewhere = shop::open().await;
    let (good, _) = issue(&host);
    let (foreign, _) = issue(&elsewhere);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let unsigned = format!("{head}.");
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let paths = ["/products", "/api/marketplace/products", "/api/cart"];
    for token in [foreign.as_str(), &unsigned, &forged, "", "x.y.z"] {
        for path in paths {
            let answer = host
                .anonymous()
                .header("authorization", &format!("Bearer {token}"))
                .get(path)
                .await;
            let _ = answer.problem(401, "invalid-token");
        }
    }
    let signed_in = host
        .anonymous()
        .header("authorization", &format!("Bearer {good}"));
    let _ = signed_in.get("/products").await.expect(200);
    let (expiring, lives_s) = issue(&host);
    host.clock.advance(u64::from(lives_s) * 1_000 + 120_000);
    for path in paths {
        let _ = host
            .anonymous()
            .header("authorization", &format!("Bearer {expiring}"))
            .get(path)
            .await
            .problem(401, "invalid-token");
    }
}

fn issue(host: &TestHost) -> (String, u32) {
    use stoa_kernel::identity::{Account, Authenticator as _, Credential};
    let tenant = stoa_kernel::id::TenantId::parse("main").unwrap();
    let account = Account {
        id: "u1".into(),
        email: None,
        role: Role::User,
        tenant: Some(tenant),
        operator: false,
        credential: Credential::Development,
    };
    host.identity.issue_development(&account).unwrap()
}
