//! How often somebody may call, and where the edge believes that somebody is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use stoa_kernel::call::{Request, Response, Source};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::quota::{OrganizationQuota, Quota, Quotas, Verdict};
use stoa_kernel::service::Service;
use stoa_kernel::wit::Package;
use stoa_web::{EdgeConfig, RateLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::world::{Answer, World, package, world_of};

const ACCOUNTS: &str = r#"
    name = "accounts"
    version = "0.1.0"

    [[route]]
    method = "POST"
    path = "/api/auth/login"
    handler = "login"
    callers = ["public"]
    class = "sign-in"

    [[route]]
    method = "GET"
    path = "/api/auth/where"
    handler = "tell"
    callers = ["public"]
"#;

const CLIENT: &str = "203.0.113.7";
const ACME: (&str, &str) = ("authorization", "Bearer u1.user.acme");

/// Longer than any honest answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A window that never ends: so many calls, and no more.
#[derive(Default)]
struct Countdown(Mutex<HashMap<String, u32>>);

#[async_trait]
impl Quotas for Countdown {
    async fn take(&self, key: &str, quota: Quota) -> Verdict {
        let mut taken = self.0.lock().unwrap();
        let count = taken.entry(key.to_owned()).or_default();
        let admitted = *count < quota.calls;
        *count += u32::from(admitted);
        Verdict {
            admitted,
            remaining: quota.calls - *count,
            reset_s: quota.window_s,
            retry_after_s: if admitted { 0 } else { 7 },
        }
    }
}

/// Tells what services learn of a request.
struct Accounts(Arc<Package>);

#[async_trait]
impl Service for Accounts {
    fn package(&self) -> &Arc<Package> {
        &self.0
    }

    async fn handle(&self, _: &str, request: Request) -> Result<Response, Problem> {
        let told = json!({ "address": request.address, "headers": request.headers });
        Ok(Response {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            body: told.to_string().into(),
            source: Source::Handler,
        })
    }
}

/// What organisations have by their plans; the default tenant is none.
struct Plans;

#[async_trait]
impl OrganizationQuota for Plans {
    async fn requests_per_minute(&self, tenant: &TenantId) -> Option<u32> {
        match tenant.as_str() {
            "default" => None,
            "tiny" => Some(1),
            _ => Some(4),
        }
    }
}

fn config() -> EdgeConfig {
    EdgeConfig {
        dev_tokens: true,
        demo_native: true,
        limits: RateLimits {
            per_minute: 3,
            sign_in_per_minute: 2,
            files_per_minute: 5,
            organization_per_minute: 4,
            ..RateLimits::default()
        },
        ..EdgeConfig::default()
    }
}

fn limited(config: EdgeConfig) -> (World, Arc<Countdown>) {
    let counts = Arc::new(Countdown::default());
    let world = world_of(config, |ports| {
        ports.quotas = Some(counts.clone());
        ports.organization_quota = Some(Arc::new(Plans));
        ports
            .services
            .push(Arc::new(Accounts(package(ACCOUNTS, json!({})))));
    });
    (world, counts)
}

async fn get(world: &World, peer: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    world.send_from(Some(peer), "GET", path, headers, "").await
}

fn told(answer: &Answer) -> (Option<&str>, Option<&str>) {
    (
        answer.header("ratelimit-policy"),
        answer.header("ratelimit"),
    )
}

#[tokio::test]
async fn each_answer_tells_what_is_left_until_nothing_is() {
    let (world, _) = limited(config());
    for left in ["2", "1", "0"] {
        let answer = get(&world, CLIENT, "/api/things", &[]).await;
        assert_eq!(answer.status, 200);
        let expected = format!("\"default\";r={left};t=60");
        assert_eq!(
            told(&answer),
            (Some("\"default\";q=3;w=60"), Some(expected.as_str()))
        );
        assert_eq!(answer.header("retry-after"), None);
    }
    let refused = get(&world, CLIENT, "/api/things", &[]).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem().as_str()),
        (429, "rate-limited")
    );
    assert_eq!(refused.header("retry-after"), Some("7"));
    assert_eq!(
        told(&refused),
        (Some("\"default\";q=3;w=60"), Some("\"default\";r=0;t=7"))
    );
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));

    let other = get(&world, "203.0.113.8", "/api/things", &[]).await;
    assert_eq!(other.status, 200, "another address has its own quota");
}

#[tokio::test]
async fn every_kind_of_request_counts() {
    for (method, path) in [
        ("GET", "/api/things"),
        ("GET", "/api/auth/where"),
        ("GET", "/bench/native"),
        ("GET", "/nothing"),
        ("BREW", "/api/things"),
        ("OPTIONS", "/api/things"),
        ("GET", "/do/broken"),
        ("GET", "/do/panic"),
        ("GET", "/api/me"),
    ] {
        let (world, _) = limited(config());
        for _ in 0..3 {
            let answer = world.send_from(Some(CLIENT), method, path, &[], "").await;
            assert_ne!(answer.status, 429, "{method} {path}");
            assert_eq!(
                answer.header("ratelimit-policy"),
                Some("\"default\";q=3;w=60"),
                "{method} {path}"
            );
        }
        let refused = world.send_from(Some(CLIENT), method, path, &[], "").await;
        assert_eq!(refused.status, 429, "{method} {path}");
    }
}

#[tokio::test]
async fn what_operators_and_browsers_ask_for_themselves_does_not_count() {
    let (world, counts) = limited(EdgeConfig {
        cors_origins: vec!["https://shop.example".into()],
        ..config()
    });
    let preflight = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "POST"),
    ];
    for _ in 0..5 {
        let answer = get(&world, CLIENT, "/health", &[]).await;
        assert_eq!((answer.status.as_u16(), told(&answer)), (200, (None, None)));
        let answer = world
            .send_from(Some(CLIENT), "OPTIONS", "/api/things", &preflight, "")
            .await;
        assert_eq!((answer.status.as_u16(), told(&answer)), (204, (None, None)));
        let own = world.get("/api/things", &[ACME]).await;
        assert_eq!(
            (own.status.as_u16(), told(&own)),
            (200, (None, None)),
            "what the host asks itself is free"
        );
    }
    assert!(counts.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_document_and_its_page_count_as_files() {
    let (world, _) = limited(config());
    for path in [
        "/openapi.json",
        "/docs",
        "/docs/",
        "/docs/swagger-ui-bundle.js",
    ] {
        let answer = get(&world, CLIENT, path, &[]).await;
        let policy = answer.header("ratelimit-policy").unwrap_or_default();
        assert_eq!(answer.status, 200, "{path}");
        assert!(policy.starts_with("\"files\""), "{path}: {policy}");
    }
}

#[tokio::test]
async fn signing_in_has_a_narrow_quota_of_its_own() {
    let json = [("content-type", "application/json")];
    let credentials = r#"{"userId":"u7","email":"u7@example.com"}"#;
    for path in ["/api/auth/login", "/auth/token"] {
        let (world, _) = limited(config());
        let try_it = || world.send_from(Some(CLIENT), "POST", path, &json, credentials);
        for _ in 0..2 {
            let answer = try_it().await;
            assert_eq!(answer.status, 200);
            assert_eq!(
                answer.header("ratelimit-policy"),
                Some("\"sign-in\";q=2;w=60")
            );
        }
        assert_eq!(try_it().await.status, 429);
        let answer = get(&world, CLIENT, "/api/things", &[]).await;
        assert_eq!(answer.status, 200, "who can't sign in can still look");
    }
}

#[tokio::test]
async fn an_organisation_has_one_quota_wherever_its_people_are() {
    let (world, _) = limited(config());
    for (address, left) in [("a", 3), ("b", 2), ("c", 1), ("d", 0)] {
        let address = format!("2001:db8:{address}::1");
        let answer = get(&world, &address, "/api/things", &[ACME]).await;
        assert_eq!(answer.status, 200);
        let expected = format!("\"default\";r=2;t=60, \"organization\";r={left};t=60");
        assert_eq!(
            told(&answer),
            (
                Some("\"default\";q=3;w=60, \"organization\";q=4;w=60"),
                Some(expected.as_str())
            )
        );
    }
    let refused = get(&world, "2001:db8:e::1", "/api/things", &[ACME]).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem().as_str()),
        (429, "rate-limited")
    );
    assert_eq!(
        told(&refused),
        (
            Some("\"organization\";q=4;w=60"),
            Some("\"organization\";r=0;t=7")
        )
    );
    let other = [("authorization", "Bearer u1.user.beta")];
    for headers in [&other[..], &[]] {
        let answer = get(&world, "2001:db8:e::1", "/api/things", headers).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn who_belongs_to_no_organisation_uses_up_nobody_elses_quota() {
    let (world, _) = limited(config());
    let one = [("authorization", "Bearer u1.user.default")];
    for address in 0..5 {
        let address = format!("2001:db8:{address}::1");
        let answer = get(&world, &address, "/api/things", &one).await;
        let expected = if address == "2001:db8:4::1" { 429 } else { 200 };
        assert_eq!(answer.status, expected, "{address}");
    }
    let other = [("authorization", "Bearer u2.user.default")];
    let answer = get(&world, CLIENT, "/api/things", &other).await;
    assert_eq!(
        told(&answer).1,
        Some("\"default\";r=2;t=60, \"organization\";r=3;t=60")
    );
}

#[tokio::test]
async fn a_plan_overrides_the_number_for_organisations() {
    let (world, _) = limited(config());
    let tiny = [("authorization", "Bearer u1.user.tiny")];
    let answer = get(&world, CLIENT, "/api/things", &tiny).await;
    assert_eq!(
        answer.header("ratelimit-policy"),
        Some("\"default\";q=3;w=60, \"organization\";q=1;w=60")
    );
    assert_eq!(get(&world, CLIENT, "/api/things", &tiny).await.status, 429);
}

#[tokio::test]
async fn who_is_refused_is_not_even_asked_who_he_is() {
    let (world, counts) = limited(config());
    let bad = [("authorization", "Bearer nonsense")];
    for _ in 0..3 {
        assert_eq!(get(&world, CLIENT, "/api/me", &bad).await.status, 401);
    }
    let refused = get(&world, CLIENT, "/api/me", &bad).await;
    assert_eq!(refused.problem(), "rate-limited");
    assert_eq!(get(&world, CLIENT, "/api/me", &[ACME]).await.status, 429);
    let counts = counts.0.lock().unwrap();
    assert_eq!(counts.len(), 1, "no organisation pays for it: {counts:?}");
}

#[tokio::test]
async fn without_limits_nothing_is_told() {
    let world = world_of(config(), |_| ());
    for _ in 0..10 {
        let answer = get(&world, CLIENT, "/api/things", &[ACME]).await;
        assert_eq!((answer.status.as_u16(), told(&answer)), (200, (None, None)));
    }
}

#[tokio::test]
async fn a_service_learns_where_the_client_is_and_nobody_sees_what_proxies_said() {
    let (world, _) = limited(EdgeConfig {
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        limits: RateLimits::default(),
        ..EdgeConfig::default()
    });
    let said = [
        ("x-forwarded-for", "192.0.2.1, 203.0.113.7"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=192.0.2.1"),
        ("x-real-ip", "192.0.2.1"),
    ];
    for (peer, expected) in [
        ("10.0.0.1", "203.0.113.7"),
        ("198.51.100.9", "198.51.100.9"),
    ] {
        let told = get(&world, peer, "/api/auth/where", &said).await.json();
        assert_eq!(
            (&told["address"], &told["headers"]),
            (&expected.into(), &json!([]))
        );
        let seen = get(&world, peer, "/api/things", &said).await.json();
        assert_eq!(seen["headers"], json!([]), "nor does a plugin");
    }
}

#[tokio::test]
async fn the_quota_is_that_of_the_last_address_that_nobody_could_forge() {
    let (world, counts) = limited(EdgeConfig {
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..config()
    });
    for forged in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"] {
        for (peer, said) in [
            ("10.0.0.1", format!("{forged}, {CLIENT}")),
            ("198.51.100.9", forged.to_owned()),
        ] {
            get(&world, peer, "/api/things", &[("x-forwarded-for", &said)]).await;
        }
    }
    let counts = counts.0.lock().unwrap();
    let mut keys: Vec<&str> = counts.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["default:198.51.100.9", "default:203.0.113.7"]);
}

#[tokio::test]
async fn over_a_socket_the_connection_tells_the_address_and_a_refused_body_is_not_read() {
    let (world, counts) = limited(config());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(world.edge.clone().serve(listener, std::future::pending()));
    // The body never comes: an edge that wanted it would say `100 Continue` and wait.
    let request = "POST /api/echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\
                   X-Forwarded-For: 192.0.2.1\r\nContent-Length: 9\r\n\r\n";
    let mut beginnings = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut beginning = [0; 12];
        let read = timeout(PATIENCE, stream.read_exact(&mut beginning));
        read.await.unwrap().unwrap();
        beginnings.push(String::from_utf8_lossy(&beginning).into_owned());
    }
    assert_eq!(
        beginnings,
        [
            "HTTP/1.1 100",
            "HTTP/1.1 100",
            "HTTP/1.1 100",
            "HTTP/1.1 429"
        ]
    );
    let counts = counts.0.lock().unwrap();
    assert_eq!(
        *counts,
        HashMap::from([("default:127.0.0.1".to_owned(), 3)])
    );
    serving.abort();
}
