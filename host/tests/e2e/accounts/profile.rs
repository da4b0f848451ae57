//! Who is signed in.

use serde_json::json;
use stoa_kernel::identity::Role;
use stoa_testkit::TestHost;

use super::{actor, open, register, sign_up, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_told_under_all_paths() {
    let host = open().await;
    let signed = sign_up(&host, "Ada").await;
    for path in ["/api/auth/me", "/api/v1/auth/me", "/api/auth/profile"] {
        let me = actor(&host, &signed).get(path).await.json_of(200);
        assert_eq!(me["user"], signed["user"], "{path}");
        let _ = host.anonymous().get(path).await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_changes_as_a_whole_or_in_part() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let ada = actor(&host, &signed);
    for (change, names) in [
        (json!({ "name": "Ada King" }), ["Ada King", "Ada", "King"]),
        (
            json!({ "lastName": "Lovelace" }),
            ["Ada Lovelace", "Ada", "Lovelace"],
        ),
        (
            json!({ "firstName": "Augusta Ada" }),
            ["Augusta Ada Lovelace", "Augusta Ada", "Lovelace"],
        ),
        (
            json!({ "firstName": "A", "lastName": "King Noel" }),
            ["A King Noel", "A", "King Noel"],
        ),
    ] {
        let me = ada.patch("/api/auth/profile", &change).await.json_of(200);
        let user = &me["user"];
        let found = ["name", "firstName", "lastName"].map(|member| text(user, member));
        assert_eq!(found, names, "{change}");
        let read = ada.get("/api/auth/me").await.json_of(200);
        assert_eq!(read, me);
    }
    for (change, field) in [
        (json!({}), "name"),
        (json!({ "name": "" }), "name"),
        (json!({ "firstName": "x".repeat(101) }), "firstName"),
        (json!({ "email": "eve@example.com" }), "email"),
        (json!({ "role": "admin" }), "role"),
        (json!({ "isEmailVerified": true }), "isEmailVerified"),
    ] {
        let answer = ada.patch("/api/auth/profile", &change).await;
        let problem = answer.problem(400, "invalid-request");
        assert_eq!(problem["field"], field, "{change}");
    }
    let _ = host
        .anonymous()
        .patch("/api/auth/profile", &json!({ "name": "Eve" }))
        .await
        .expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_development_token_is_somebody_without_an_account() {
    let host = TestHost::builder().start().await;
    let dev = host.account("u1", Role::Vendor);
    let me = dev.get("/api/auth/me").await.json_of(200);
    assert_eq!(me["user"]["id"], "u1");
    assert_eq!(me["user"]["role"], "vendor");
    let _ = dev.post("/api/auth/logout", &json!({})).await.expect(204);
    let change = json!({ "name": "Eve" });
    let answer = dev.patch("/api/auth/profile", &change).await;
    let _ = answer.problem(409, "no-session");
}
