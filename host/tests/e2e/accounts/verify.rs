//! Verifying an address by a link.

use serde_json::json;

use super::{actor, email, open, register, reset_token, secret, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_link_verifies_once() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let link = host.letter(&email("ada"), "verify-email", "link").await;
    let path = link.strip_prefix("https://stoa.test").unwrap().to_owned();
    let verified = host.anonymous().get(&path).await.json_of(200);
    assert_eq!(verified["isEmailVerified"], true);
    let me = actor(&host, &signed).get("/api/auth/me").await.json_of(200);
    assert_eq!(me["user"]["isEmailVerified"], true);
    let used = host.anonymous().get(&path).await;
    let unknown = host.anonymous().get("/api/auth/verify/unknown").await;
    assert_eq!(told(&used), told(&unknown));
    let _ = used.problem(400, "invalid-link");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_after_a_day_or_with_the_next_one() {
    let host = open().await;
    let signed = register(&host, "ada").await;
    let ada = actor(&host, &signed);
    let first = secret(&host.letter(&email("ada"), "verify-email", "link").await);
    host.clock.advance(1);
    let again = ada.post("/api/auth/verify/resend", &json!({})).await;
    let _ = again.json_of(202);
    let letters = host.letters(&email("ada")).await;
    let second = secret(letters.last().unwrap().values["link"].as_str().unwrap());
    let verify = async |secret: &str| {
        let path = format!("/api/auth/verify/{secret}");
        host.anonymous().get(&path).await.status.as_u16()
    };
    assert_eq!(verify(&first).await, 400, "the later one replaced it");
    host.clock.advance(86_400_000);
    assert_eq!(verify(&second).await, 400, "a day is over");
    let again = ada.post("/api/auth/verify/resend", &json!({})).await;
    let _ = again.json_of(202);
    let letters = host.letters(&email("ada")).await;
    let third = secret(letters.last().unwrap().values["link"].as_str().unwrap());
    assert_eq!(verify(&third).await, 200);
    let _ = ada
        .post("/api/auth/verify/resend", &json!({}))
        .await
        .json_of(202);
    assert_eq!(
        host.letters(&email("ada")).await.len(),
        3,
        "a verified address gets no more links"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_another_purpose_is_as_good_as_none() {
    let host = open().await;
    register(&host, "ada").await;
    let verifies = secret(&host.letter(&email("ada"), "verify-email", "link").await);
    let resets = reset_token(&host, "ada").await;
    let verify = host
        .anonymous()
        .get(&format!("/api/auth/verify/{resets}"))
        .await;
    let _ = verify.problem(400, "invalid-link");
    let body = json!({ "token": verifies, "password": "another horse" });
    let reset = host
        .anonymous()
        .post("/api/auth/reset-password", &body)
        .await;
    let _ = reset.problem(400, "invalid-link");
    let _ = host
        .anonymous()
        .post("/api/auth/verify/resend", &json!({}))
        .await
        .expect(401);
}
