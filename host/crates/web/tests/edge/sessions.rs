//! Shoppers without an account.

use stoa_web::EdgeConfig;

use crate::world::{world, world_with};

const SENT: &str = "sent-0123456789abcdef";

#[tokio::test]
async fn a_route_for_sessions_gives_one_to_who_has_none() {
    let world = world();
    let answer = world.get("/api/cart", &[]).await;
    let session = answer.header("x-session-id").unwrap();
    assert_eq!(session.len(), 32);
    assert!(session.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(
        answer.json()["session"],
        session,
        "the plugin sees the session that the client gets"
    );
    let cookie = answer.header("set-cookie").unwrap();
    assert_eq!(
        cookie,
        format!("stoa_session={session}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax")
    );

    let other = world.get("/api/cart", &[]).await;
    assert_ne!(other.header("x-session-id"), Some(session));
}

#[tokio::test]
async fn over_tls_the_cookie_stays_there() {
    let world = world_with(EdgeConfig {
        secure_cookies: true,
        ..EdgeConfig::default()
    });
    let answer = world.get("/api/cart", &[]).await;
    let session = answer.header("x-session-id").unwrap();
    let cookie = answer.header("set-cookie").unwrap();
    assert_eq!(
        cookie,
        format!(
            "__Host-stoa_session={session}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
        )
    );

    let (kept, _) = cookie.split_once(';').unwrap();
    let again = world.get("/api/cart", &[("cookie", kept)]).await;
    assert_eq!(again.json()["session"], session);
    let forged = format!("stoa_session={SENT}");
    let other = world.get("/api/cart", &[("cookie", &forged)]).await;
    assert_ne!(
        other.json()["session"],
        SENT,
        "a name without the prefix could come from another host of the domain"
    );
    let scheme = &world.get("/openapi.json", &[]).await.json()["components"]["securitySchemes"];
    assert_eq!(scheme["session"]["name"], "__Host-stoa_session");
}

#[tokio::test]
async fn nobody_else_gets_a_session() {
    let world = world();
    for (path, headers) in [
        ("/api/things", vec![]),
        ("/api/cart", vec![("authorization", "Bearer u1.user.acme")]),
        ("/api/cart", vec![("x-session-id", SENT)]),
        ("/api/me", vec![]),
        ("/api/nothing", vec![]),
    ] {
        let answer = world.get(path, &headers).await;
        assert_eq!(answer.header("set-cookie"), None, "{path} {headers:?}");
        assert_eq!(answer.header("x-session-id"), None, "{path} {headers:?}");
    }
}

#[tokio::test]
async fn a_session_comes_by_header_or_by_cookie() {
    let world = world();
    let cookie = format!("a=b; stoa_session={SENT};c=d");
    for headers in [
        vec![("x-session-id", SENT)],
        vec![("cookie", cookie.as_str())],
        vec![("cookie", "a=b"), ("cookie", cookie.as_str())],
        vec![
            ("x-session-id", SENT),
            ("cookie", "stoa_session=another-0123456789"),
        ],
    ] {
        assert_eq!(
            world.get("/api/cart", &headers).await.json()["session"],
            SENT,
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn a_malformed_session_is_refused_by_name() {
    let world = world();
    let long = "x".repeat(129);
    for bad in [
        "",
        "short",
        "fifteen-letters",
        long.as_str(),
        "0123456789abcde!",
        "0123456789 abcdef",
    ] {
        let answer = world.get("/api/cart", &[("x-session-id", bad)]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (400, "invalid-request"),
            "{bad}"
        );
        assert_eq!(answer.json()["field"], "x-session-id");

        let answer = world
            .get("/api/cart", &[("cookie", &format!("stoa_session={bad}"))])
            .await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["field"]),
            (400, &"cookie".into()),
            "{bad}"
        );
    }
}
