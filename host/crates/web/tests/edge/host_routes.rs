//! The host's own routes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;
use stoa_kernel::secret::Secret;
use stoa_kernel::status::{Part, PartStatus};
use stoa_web::EdgeConfig;

use crate::world::{World, world, world_of, world_with};

struct FakePart(PartStatus);

impl Part for FakePart {
    fn status(&self) -> PartStatus {
        self.0.clone()
    }
}

const JSON: (&str, &str) = ("content-type", "application/json");

fn development() -> World {
    world_with(EdgeConfig {
        dev_tokens: true,
        demo_native: true,
        ..EdgeConfig::default()
    })
}

#[tokio::test]
async fn health_is_good_while_every_part_is_ready() {
    let world = world_with(EdgeConfig {
        version: "1.2.3".into(),
        ..EdgeConfig::default()
    });
    let answer = world.get("/health", &[]).await;
    assert_eq!(answer.status, 200);
    let parts = json!([
        { "part": "store", "ready": true },
        { "part": "cache", "ready": true },
        { "part": "plugin:shop", "ready": true, "version": "0.1.0" },
    ]);
    let services = json!({ "store": "ok", "cache": "ok", "plugin:shop": "ok" });
    assert_eq!(
        answer.json(),
        json!({ "status": "ok", "version": "1.2.3", "parts": parts, "services": services })
    );
}

#[tokio::test]
async fn health_is_bad_as_soon_as_one_part_is_not() {
    let world = world();
    world.plugins.ready.store(false, Ordering::Relaxed);
    let answer = world.get("/health", &[]).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["status"]),
        (503, &"unavailable".into())
    );
    assert_eq!(answer.json()["parts"][2]["detail"], "migration failed");
    assert_eq!(answer.json()["services"]["plugin:shop"], "unavailable");
    world.plugins.ready.store(true, Ordering::Relaxed);
    assert_eq!(world.get("/health", &[]).await.status, 200);

    world.store.0.store(false, Ordering::Relaxed);
    let answer = world.get("/health", &[]).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["parts"][0]["ready"]),
        (503, &false.into())
    );
    assert!(
        !String::from_utf8_lossy(&answer.body).contains("ws://"),
        "the store's address is not for everybody"
    );
}

#[tokio::test]
async fn health_tells_of_every_other_part() {
    let part = |ready: bool, detail: &str| {
        Arc::new(FakePart(PartStatus {
            part: "redis".into(),
            ready,
            version: None,
            detail: Some(detail.into()),
        }))
    };
    for (ready, status, detail) in [(true, 200, "on its own"), (false, 503, "gone")] {
        let world = world_of(EdgeConfig::default(), |ports| {
            ports.parts.push(part(ready, detail));
        });
        let answer = world.get("/health", &[]).await;
        assert_eq!(answer.status, status);
        let expected = json!({ "part": "redis", "ready": ready, "detail": detail });
        assert_eq!(answer.json()["parts"][2], expected);
    }
}

#[tokio::test]
async fn metrics_are_for_who_is_near_or_bears_the_token() {
    let (near, far) = ("127.0.0.1", "198.51.100.9");
    let status = async |world: &World, from, headers: &[(&str, &str)]| {
        let answer = world.send_from(Some(from), "GET", "/metrics", headers, "");
        answer.await.status.as_u16()
    };
    let open = world();
    assert_eq!(status(&open, near, &[]).await, 200);
    assert_eq!(status(&open, far, &[]).await, 404);
    for header in ["x-forwarded-for", "forwarded"] {
        let through = [(header, "for=127.0.0.1")];
        assert_eq!(status(&open, near, &through).await, 404, "{header}");
    }
    let guarded = world_with(EdgeConfig {
        metrics_token: Secret::new("s3cret"),
        ..EdgeConfig::default()
    });
    let bearing = [("authorization", "Bearer s3cret")];
    assert_eq!(status(&guarded, far, &bearing).await, 200);
    for wrong in ["Bearer s3cre", "Bearer ", "s3cret"] {
        let wrong = [("authorization", wrong)];
        assert_eq!(status(&guarded, far, &wrong).await, 404);
    }
    assert_eq!(status(&guarded, near, &[]).await, 404);
    let public = world_with(EdgeConfig {
        metrics_public: true,
        ..EdgeConfig::default()
    });
    assert_eq!(status(&public, far, &[]).await, 200);
}

#[tokio::test]
async fn metrics_count_by_route_pattern() {
    let world = world();
    world.get("/api/things/41", &[]).await;
    world.get("/api/things/42", &[]).await;
    world.get("/somewhere/else", &[]).await;
    world.send("BREW", "/api/things/42", &[], "").await;
    let answer = world.get("/metrics", &[]).await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let has = |line: &str| {
        assert!(
            text.lines().any(|known| known.starts_with(line)),
            "{line} is not in\n{text}"
        )
    };
    has(r#"http_requests_total{method="GET",route="/api/things/{id}",status="200"}"#);
    has(r#"http_requests_total{method="GET",route="unmatched",status="404"}"#);
    has(r#"http_requests_total{method="OTHER",route="unmatched",status="405"}"#);
    has(
        r#"http_request_duration_seconds_bucket{method="GET",route="/api/things/{id}",le="0.0001"}"#,
    );
    has(r#"http_request_duration_seconds_count{method="GET",route="/api/things/{id}"}"#);
    assert!(!text.contains("/api/things/42") && !text.contains("/somewhere/else"));
}

#[tokio::test]
async fn the_documents_page_works_under_its_own_policy() {
    let world = world();
    for path in ["/docs", "/docs/"] {
        let page = world.get(path, &[]).await;
        assert_eq!(
            (page.status.as_u16(), page.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        let html = String::from_utf8(page.body.to_vec()).unwrap();
        assert!(html.contains("<base href=\"/docs/\">"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self'") && policy.contains("connect-src 'self'"));
        assert!(
            !html.contains("<script>"),
            "the policy forbids scripts within the page"
        );
        for file in html
            .split(['"', '\''])
            .filter(|text| text.ends_with(".js") || text.ends_with(".css"))
        {
            let asset = world
                .get(&format!("/docs/{}", file.trim_start_matches("./")), &[])
                .await;
            assert_eq!(asset.status, 200, "{file}");
            let kind = asset.header("content-type").unwrap();
            assert!(
                kind.contains("javascript") || kind.contains("css"),
                "{file} is {kind}"
            );
        }
    }
    let start = world.get("/docs/swagger-initializer.js", &[]).await;
    assert!(String::from_utf8_lossy(&start.body).contains("\"/openapi.json\""));
    assert_eq!(
        world.get("/docs/../secret", &[]).await.problem(),
        "not-found"
    );
}

#[tokio::test]
async fn a_development_token_opens_what_its_role_may() {
    let world = development();
    let body = json!({ "userId": "u7", "email": "u7@example.com", "role": "vendor", "organization": "acme" });
    let answer = world
        .send("POST", "/auth/token", &[JSON], &body.to_string())
        .await;
    assert_eq!(answer.status, 200);
    let issued = answer.json();
    assert_eq!(
        (&issued["tokenType"], &issued["expiresIn"]),
        (&"Bearer".into(), &600.into())
    );
    let user =
        json!({ "id": "u7", "email": "u7@example.com", "role": "vendor", "organization": "acme" });
    assert_eq!(issued["user"], user);
    let bearer = format!("Bearer {}", issued["token"].as_str().unwrap());
    let seen = world
        .get("/api/me", &[("authorization", &bearer)])
        .await
        .json();
    assert_eq!(
        (&seen["account"], &seen["role"], &seen["tenant"]),
        (&"u7".into(), &"vendor".into(), &"acme".into())
    );
}

#[tokio::test]
async fn a_development_token_is_an_admins_of_the_requests_tenant_unless_it_says_more() {
    let world = development();
    let body = r#"{"userId":"u7","email":"u7@example.com"}"#;
    let issued = world
        .send("POST", "/auth/token", &[JSON, ("x-tenant", "beta")], body)
        .await
        .json();
    assert_eq!(
        (&issued["user"]["role"], &issued["user"]["organization"]),
        (&"admin".into(), &"beta".into())
    );
    let issued = world
        .send("POST", "/auth/token", &[JSON], body)
        .await
        .json();
    assert_eq!(issued["user"]["organization"], "default");
}

#[tokio::test]
async fn a_malformed_wish_for_a_token_is_refused() {
    let world = development();
    let long = format!(r#"{{"userId":"{}","email":"a@b"}}"#, "x".repeat(129));
    for body in [
        "",
        "[]",
        r#"{"userId":"u7"}"#,
        r#"{"userId":"","email":"a@b"}"#,
        long.as_str(),
        r#"{"userId":"u7","email":"nobody"}"#,
        r#"{"userId":"u7","email":"a@b","role":"god"}"#,
        r#"{"userId":"u7","email":"a@b","organization":"../acme"}"#,
        r#"{"userId":"u7","email":"a@b","isAdmin":true}"#,
    ] {
        let answer = world.send("POST", "/auth/token", &[JSON], body).await;
        assert_eq!(answer.status, 400, "{body}");
        answer.problem();
    }
    let answer = world
        .send(
            "POST",
            "/auth/token",
            &[],
            r#"{"userId":"u7","email":"a@b"}"#,
        )
        .await;
    assert_eq!(answer.status, 415);
    assert_eq!(
        world.get("/auth/token", &[]).await.header("allow"),
        Some("POST, OPTIONS")
    );
}

#[tokio::test]
async fn what_is_switched_off_is_not_there() {
    let world = world();
    let body = r#"{"userId":"u7","email":"a@b"}"#;
    for (method, path) in [
        ("POST", "/auth/token"),
        ("GET", "/auth/token"),
        ("GET", "/bench/native"),
    ] {
        let answer = world.send(method, path, &[JSON], body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (404, "not-found"),
            "{path}"
        );
    }
    let native = development().get("/bench/native", &[]).await;
    assert_eq!(native.json(), json!({ "hello": "world" }));
}
