//! What an `Idempotency-Key` stands for.

use serde_json::Value;

use crate::world::{World, world};

const KEY: (&str, &str) = ("idempotency-key", "order-1");
const SESSION: (&str, &str) = ("x-session-id", "0123456789abcdef");
const OTHER_SESSION: (&str, &str) = ("x-session-id", "fedcba9876543210");
const USER: (&str, &str) = ("authorization", "Bearer u1.user.acme");

/// The key's id and fingerprint as the runtime gets them.
async fn digest(
    world: &World,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (String, String) {
    let seen = world.send(method, path, headers, body).await.json();
    let part = |index: usize| seen["idempotency"][index].as_str().unwrap().to_owned();
    (part(0), part(1))
}

#[tokio::test]
async fn the_same_request_is_the_same_wherever_it_comes_from() {
    let world = world();
    let first = digest(&world, "POST", "/api/cart?a=1", &[KEY, SESSION], "x").await;
    let with_more = [
        KEY,
        SESSION,
        ("x-request-id", "again"),
        ("user-agent", "other"),
    ];
    assert_eq!(
        first,
        digest(&world, "POST", "/api/cart?a=1", &with_more, "x").await
    );
    assert_eq!((first.0.len(), first.1.len()), (64, 64));
}

#[tokio::test]
async fn caller_method_path_and_key_make_the_id() {
    let world = world();
    let mut ids = Vec::new();
    for (method, path, headers) in [
        ("PUT", "/api/things/1", vec![KEY]),
        ("PATCH", "/api/things/1", vec![KEY]),
        ("PUT", "/api/things/2", vec![KEY]),
        ("PUT", "/api/things/1", vec![("idempotency-key", "order-2")]),
        ("PUT", "/api/things/1", vec![KEY, SESSION]),
        ("PUT", "/api/things/1", vec![KEY, OTHER_SESSION]),
        ("PUT", "/api/things/1", vec![KEY, USER]),
        (
            "PUT",
            "/api/things/1",
            vec![KEY, ("x-session-id", "u1-0123456789abcd")],
        ),
    ] {
        ids.push(digest(&world, method, path, &headers, "x").await.0);
    }
    ids.push(
        digest(&world, "PUT", "/api/things/1", &[KEY, USER, SESSION], "x")
            .await
            .0,
    );
    let repeated = ids.pop().unwrap();
    assert_eq!(repeated, ids[6], "an account is the same in every session");
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
}

#[tokio::test]
async fn query_and_body_make_the_fingerprint() {
    let world = world();
    let mut fingerprints = Vec::new();
    for (query, body) in [("", ""), ("?a", ""), ("", "a"), ("?ab", "c"), ("?a", "bc")] {
        let (_, fingerprint) =
            digest(&world, "POST", &format!("/api/echo{query}"), &[KEY], body).await;
        fingerprints.push(fingerprint);
    }
    let distinct: std::collections::BTreeSet<_> = fingerprints.iter().collect();
    assert_eq!(distinct.len(), fingerprints.len());
}

#[tokio::test]
async fn methods_that_change_nothing_have_no_key() {
    let world = world();
    assert_eq!(
        world.get("/api/things", &[KEY]).await.json()["idempotency"],
        Value::Null
    );
    assert_eq!(
        world.send("POST", "/api/echo", &[], "").await.json()["idempotency"],
        Value::Null
    );
    for method in ["PUT", "PATCH", "DELETE"] {
        let seen = world.send(method, "/api/things/1", &[KEY], "").await.json();
        assert!(seen["idempotency"].is_array(), "{method}");
    }
}

#[tokio::test]
async fn a_malformed_key_is_refused_by_name() {
    let world = world();
    let (longest, longer) = ("k".repeat(255), "k".repeat(256));
    assert_eq!(
        world
            .send("POST", "/api/echo", &[("idempotency-key", &longest)], "")
            .await
            .status,
        200
    );
    for bad in ["", "two words", longer.as_str(), "tab\there"] {
        let answer = world
            .send("POST", "/api/echo", &[("idempotency-key", bad)], "")
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (400, "invalid-request"),
            "{bad:?}"
        );
        assert_eq!(answer.json()["field"], "idempotency-key");
    }
}

#[tokio::test]
async fn a_replayed_answer_says_so() {
    let world = world();
    assert_eq!(
        world
            .get("/do/replay", &[])
            .await
            .header("idempotent-replayed"),
        Some("true")
    );
    assert_eq!(
        world
            .get("/do/created", &[])
            .await
            .header("idempotent-replayed"),
        None
    );
}
