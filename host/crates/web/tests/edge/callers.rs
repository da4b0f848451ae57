//! Who may call what.

use crate::world::world;

const SESSION: (&str, &str) = ("x-session-id", "0123456789abcdef");

fn bearer(role: &str) -> String {
    format!("Bearer u1.{role}.acme")
}

#[tokio::test]
async fn each_route_admits_its_callers_and_nobody_else() {
    let world = world();
    // Route, then the status for: nobody, a session, a user, a vendor, an admin, a viewer, a worker.
    let matrix = [
        ("GET", "/api/things", [200, 200, 200, 200, 200, 200, 200]),
        ("POST", "/api/things", [401, 401, 403, 200, 200, 403, 403]),
        ("GET", "/api/cart", [200, 200, 200, 200, 200, 200, 200]),
        ("GET", "/api/me", [401, 401, 200, 200, 200, 200, 200]),
    ];
    let roles = ["user", "vendor", "admin", "viewer", "worker"].map(bearer);
    for (method, path, expected) in matrix {
        let anonymous = [vec![], vec![SESSION]];
        let signed_in = roles
            .iter()
            .map(|token| vec![("authorization", token.as_str())]);
        for (headers, status) in anonymous.into_iter().chain(signed_in).zip(expected) {
            let answer = world.send(method, path, &headers, "").await;
            assert_eq!(answer.status, status, "{method} {path} with {headers:?}");
        }
    }
}

#[tokio::test]
async fn who_is_unknown_is_challenged_and_who_is_known_is_refused() {
    let world = world();
    let answer = world.get("/api/me", &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (401, "unauthenticated")
    );
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));

    let answer = world
        .send(
            "POST",
            "/api/things",
            &[("authorization", &bearer("user"))],
            "{}",
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (403, "forbidden")
    );
    assert_eq!(answer.header("www-authenticate"), None);
}

#[tokio::test]
async fn the_account_reaches_the_plugin() {
    let answer = world()
        .get(
            "/api/me",
            &[("authorization", "bearer u1.artist.acme"), SESSION],
        )
        .await;
    let seen = answer.json();
    assert_eq!(
        (&seen["account"], &seen["role"]),
        (&"u1".into(), &"vendor".into())
    );
    assert_eq!(
        (&seen["tenant"], &seen["session"]),
        (&"acme".into(), &SESSION.1.into())
    );
}

#[tokio::test]
async fn a_bad_token_is_refused_even_where_none_is_needed() {
    let world = world();
    for value in ["Bearer bad", "Bearer", "Bearer ", "Basic dTpw", "bad", ""] {
        for path in ["/api/things", "/api/me", "/api/nothing"] {
            let answer = world.get(path, &[("authorization", value)]).await;
            assert_eq!(
                (answer.status.as_u16(), answer.problem().as_str()),
                (401, "invalid-token"),
                "{value} {path}"
            );
            assert_eq!(
                answer.header("www-authenticate"),
                Some("Bearer error=\"invalid_token\"")
            );
            assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
        }
    }
}

#[tokio::test]
async fn two_tokens_are_one_too_many() {
    let good = bearer("user");
    let answer = world()
        .get(
            "/api/me",
            &[("authorization", &good), ("authorization", &good)],
        )
        .await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn what_proves_who_calls_stays_with_the_host() {
    let sent = [
        ("authorization", "Bearer u1.user.acme"),
        ("cookie", "stoa_session=0123456789abcdef; other=1"),
        ("x-tenant", "other"),
        ("proxy-authorization", "Basic dTpw"),
        ("connection", "keep-alive"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("content-type", "text/plain"),
        ("X-Custom", "kept"),
        ("accept-language", "el"),
    ];
    let answer = world().send("POST", "/api/echo", &sent, "x").await;
    let seen = answer.json();
    let seen: Vec<&str> = seen["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| pair[0].as_str().unwrap())
        .collect();
    assert_eq!(seen, ["content-type", "x-custom", "accept-language"]);
}
