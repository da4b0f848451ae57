//! What every answer carries, and what no plugin can say.

use stoa_web::EdgeConfig;

use crate::world::{world, world_with};

const SECURITY: [(&str, &str); 8] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "0"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    ),
];

#[tokio::test]
async fn every_answer_is_protected() {
    let world = world();
    for path in [
        "/api/things",
        "/do/headers",
        "/do/panic",
        "/do/sold_out",
        "/nothing",
        "/health",
        "/metrics",
    ] {
        let answer = world.get(path, &[]).await;
        for (name, value) in SECURITY {
            assert_eq!(answer.header(name), Some(value), "{name} of {path}");
        }
        for name in ["server", "x-powered-by", "strict-transport-security"] {
            assert_eq!(answer.header(name), None, "{name} of {path}");
        }
    }
}

#[tokio::test]
async fn who_came_by_https_is_told_to_stay_with_it() {
    let world = world_with(EdgeConfig {
        secure_cookies: true,
        ..EdgeConfig::default()
    });
    for path in ["/api/things", "/do/headers", "/do/panic", "/docs"] {
        assert_eq!(
            world
                .get(path, &[])
                .await
                .header("strict-transport-security"),
            Some("max-age=63072000; includeSubDomains"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn nothing_is_kept_by_caches_unless_the_plugin_says_so() {
    let world = world();
    let signed_in = [("authorization", "Bearer u1.user.acme")];
    for (path, headers) in [
        ("/api/things", &[][..]),
        ("/nothing", &[]),
        ("/health", &[]),
        ("/api/me", &signed_in),
        ("/api/me", &[]),
    ] {
        assert_eq!(
            world.get(path, headers).await.header("cache-control"),
            Some("no-store"),
            "{path}"
        );
    }
    assert_eq!(
        world.get("/do/headers", &[]).await.header("cache-control"),
        Some("public, max-age=60")
    );
}

#[tokio::test]
async fn a_plugin_sets_its_headers_but_not_the_hosts() {
    let answer = world().get("/do/headers", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        (answer.header("content-type"), answer.header("etag")),
        (Some("text/plain"), Some("\"1\""))
    );
    assert_eq!(answer.headers.get_all("link").iter().count(), 2);
    for name in [
        "content-length",
        "transfer-encoding",
        "connection",
        "set-cookie",
        "x-session-id",
        "access-control-allow-origin",
        "x-bad-value",
        "server",
        "x-powered-by",
        "strict-transport-security",
        "clear-site-data",
        "ratelimit",
    ] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_ne!(answer.header("x-request-id"), Some("forged"));
}

#[tokio::test]
async fn a_request_keeps_a_sane_id_and_gets_one_instead_of_another() {
    let world = world();
    let sane = "7f1c9a52-0c1e_4E";
    let answer = world.get("/api/things", &[("x-request-id", sane)]).await;
    assert_eq!(
        (answer.header("x-request-id"), &answer.json()["id"]),
        (Some(sane), &sane.into())
    );
    let long = "x".repeat(65);
    for bad in ["", "a b", "<script>", long.as_str()] {
        let answer = world.get("/api/things", &[("x-request-id", bad)]).await;
        let fresh = answer.header("x-request-id").unwrap();
        assert_eq!(
            (fresh.len(), answer.json()["id"].as_str()),
            (26, Some(fresh)),
            "{bad}"
        );
    }
    let (one, other) = (
        world.get("/nothing", &[]).await,
        world.get("/nothing", &[]).await,
    );
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}
