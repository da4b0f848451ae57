//! What is never told: whether an address has an account.

use serde_json::{Value, json};

use super::{PASSWORD, email, open, register, told};

/// Answers about an address with an account and about one without.
async fn both(path: &str, members: Value) -> [(u16, Value); 2] {
    let host = open().await;
    register(&host, "known").await;
    let ask = async |name: &str| {
        let mut body = members.clone();
        body["email"] = json!(email(name));
        told(&host.anonymous().post(path, &body).await)
    };
    [ask("known").await, ask("unknown").await]
}

#[tokio::test(flavor = "multi_thread")]
async fn known_and_unknown_addresses_get_the_same_answers() {
    for (path, members, status) in [
        ("/api/auth/login", json!({ "password": "wrong horse" }), 401),
        (
            "/api/auth/login",
            json!({ "password": "wrong horse", "organization": "main" }),
            401,
        ),
        ("/api/auth/forgot-password", json!({}), 202),
        (
            "/api/v1/auth/email-signup",
            json!({ "password": PASSWORD, "name": "Eve" }),
            202,
        ),
        ("/api/v1/auth/email-signin", json!({}), 202),
        (
            "/api/v1/auth/email-signin",
            json!({ "password": "wrong horse" }),
            401,
        ),
        (
            "/api/v1/auth/email-verify",
            json!({ "code": "000000" }),
            401,
        ),
    ] {
        let [known, unknown] = both(path, members.clone()).await;
        assert_eq!(known.0, status, "{path} {members}");
        assert_eq!(known, unknown, "{path} {members}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_addresses_pause_like_known_ones_and_get_no_letters() {
    let host = open().await;
    let guess = async || {
        let body = json!({ "email": email("nobody"), "password": "wrong horse" });
        told(&host.anonymous().post("/api/auth/login", &body).await)
    };
    let first = guess().await;
    for _ in 0..10 {
        assert_eq!(guess().await, first);
    }
    for path in ["/api/auth/forgot-password", "/api/v1/auth/email-signin"] {
        let body = json!({ "email": email("nobody") });
        let _ = host.anonymous().post(path, &body).await.expect(202);
    }
    assert!(host.letters(&email("nobody")).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_costs_what_a_known_one_costs() {
    use stoa_identity::passwords::Cost;
    use stoa_testkit::{PeopleConfig, TestHost};

    // Costly enough that a hash outweighs all the rest.
    let people = PeopleConfig {
        password_cost: Cost::RECOMMENDED,
        ..PeopleConfig::default()
    };
    let host = TestHost::builder().people(people).start().await;
    register(&host, "known").await;
    let mut fastest = [std::time::Duration::MAX; 2];
    for _ in 0..5 {
        for (name, fastest) in ["known", "unknown"].iter().zip(&mut fastest) {
            let body = json!({ "email": email(name), "password": "wrong horse" });
            let begun = std::time::Instant::now();
            let answer = host.anonymous().post("/api/auth/login", &body).await;
            *fastest = begun.elapsed().min(*fastest);
            let _ = answer.expect(401);
        }
    }
    let [known, unknown] = fastest;
    // The least of several is nearly free of what else the machine does; without a hash it would be a tenth.
    assert!(unknown * 2 > known && known * 2 > unknown, "{fastest:?}");
}
