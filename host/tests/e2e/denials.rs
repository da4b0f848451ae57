//! Every route of every plugin turns away everybody whom its manifest does not name.

use http::Method;
use serde_json::json;
use stoa_kernel::identity::Caller;
use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::wit::Route;
use stoa_testkit::TestHost;

use crate::callers::{ROLES, admits, ask};

/// An id like any other.
const ID: &str = "some-id";

/// Checks one route; how often it had to deny.
async fn denies(host: &TestHost, route: &Route) -> usize {
    let of = format!("{} {}", route.method, route.path);
    if route.callers.contains(&Caller::Public) {
        return 0;
    }
    let mut denied = 0;
    let answer = ask(&host.anonymous(), route, ID).await;
    if route.callers.contains(&Caller::Session) {
        assert!(
            ![401, 403].contains(&answer.status.as_u16()),
            "{of} for a session: {}",
            answer.json()
        );
    } else {
        assert_eq!(answer.text("www-authenticate"), Some("Bearer"), "{of}");
        let _ = answer.problem(401, "unauthenticated");
        // A session is nobody.
        let session = host
            .anonymous()
            .header("x-session-id", "0123456789abcdef0123456789abcdef");
        let _ = ask(&session, route, ID)
            .await
            .problem(401, "unauthenticated");
        denied += 2;
    }
    for role in ROLES {
        let answer = ask(&host.account("somebody", role), route, ID).await;
        if admits(route, role) {
            assert!(
                ![401, 403].contains(&answer.status.as_u16()),
                "{of} for {role:?}: {}",
                answer.json()
            );
        } else {
            let _ = answer.problem(403, "forbidden");
            denied += 1;
        }
    }
    denied
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_denies_whom_it_does_not_name() {
    let host = TestHost::builder()
        .every_plugin()
        .guest("probe")
        .start()
        .await;
    let (mut routes, mut denied) = (0, 0);
    for package in host.runtime.snapshot().packages() {
        for route in &package.manifest.routes {
            assert!(
                !route.callers.is_empty(),
                "{} {} is for nobody",
                route.method,
                route.path
            );
            routes += 1;
            denied += denies(&host, route).await;
        }
    }
    assert!(
        routes >= 40 && denied >= 90,
        "{routes} routes, {denied} denials"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn denial_comes_before_the_body_and_the_product() {
    let host = crate::shop::open().await;
    let _ = crate::shop::sell(&host, json!({ "id": "w1" })).await;
    for id in ["w1", "absent"] {
        for body in ["", "{", "null"] {
            let path = format!("/products/{id}");
            let _ = host
                .anonymous()
                .send(Method::PUT, &path, body)
                .await
                .problem(401, "unauthenticated");
            let _ = host
                .user("u1")
                .send(Method::PUT, &path, body)
                .await
                .problem(403, "forbidden");
        }
    }
    let oversize = "x".repeat(3 << 20);
    let _ = host
        .user("u1")
        .send(Method::POST, "/products", oversize)
        .await
        .problem(403, "forbidden");
}
