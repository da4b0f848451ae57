//! Requests to services elsewhere: what reaches them, what never does, and what is sent once only.

pub mod service;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use stoa_kernel::outbound::{Destination, REQUESTS_PER_RUN_MAX};
use stoa_kernel::wit::Method;
use stoa_runtime::Policy;
use stoa_testkit::{Actor, TestHost, TestHostBuilder, guest_file, repack};
use tracing::Level;

use crate::log::Log;
use service::Service;

const TOKEN: &str = "sk_live_51Hx";
const PASSWORD: &str = "open sesame";
/// The pair of RFC 7617 §2.
const BASIC: &str = "QWxhZGRpbjpvcGVuIHNlc2FtZQ==";

/// A host whose probe has its services at the stand-in, and its credentials.
fn builder(service: &Service) -> TestHostBuilder {
    TestHost::builder()
        .outbound("probe", "bank", &format!("{}/base", service.url()))
        .outbound("probe", "post", &service.url())
        .outbound("probe", "slow", &service.url())
        .outbound("probe", "unset", &service.url())
        .secret("probe", "token", &[TOKEN])
        .secret("probe", "user", &["Aladdin"])
        .secret("probe", "password", &[PASSWORD, "the one before"])
}

async fn host(service: &Service) -> Arc<TestHost> {
    Arc::new(builder(service).guest("probe").start().await)
}

fn errand(service: &str, method: &str, path: &str, purpose: &str) -> Value {
    json!({ "service": service, "method": method, "path": path, "purpose": purpose })
}

/// Lets the probe run errands; what it was told of each.
async fn run(actor: &Actor, errands: &[Value]) -> Vec<Value> {
    let told = actor.post("/probe/errands", &json!(errands)).await;
    told.json_of(200)["told"].as_array().unwrap().clone()
}

/// What the probe is told of one errand.
async fn run_one(host: &TestHost, errand: Value) -> Value {
    run(&host.anonymous(), &[errand]).await.remove(0)
}

async fn stock(host: &TestHost, id: &str, amount: u32) {
    let path = format!("/probe/stock/{id}/{amount}");
    let _ = host.anonymous().put(&path, &json!({})).await.expect(204);
}

#[tokio::test]
async fn credentials_reach_the_service_and_nothing_else() {
    let (log, _guard) = Log::of_thread(Level::DEBUG);
    let service = Service::start().await;
    let host = host(&service).await;
    let bank = json!({
        "service": "bank", "method": "POST", "path": "/charges?key=in-the-query",
        "headers": [["Content-Type", "text/plain"], ["x-version", "7"]],
        "body": "amount=1", "purpose": "charge",
    });
    let errands = [bank, errand("post", "GET", "/refuse", "")];
    let told = run(&host.anonymous(), &errands).await;
    assert_eq!(
        (&told[0]["status"], &told[0]["body"]),
        (&json!(200), &json!("1"))
    );
    assert_eq!(
        (&told[1]["status"], &told[1]["body"]),
        (&json!(402), &json!("no"))
    );
    let headers = told[1]["headers"].as_array().unwrap();
    assert!(
        headers.contains(&json!(["x-reason", "card"])),
        "{headers:?}"
    );

    let asked = service.asked();
    assert_eq!(
        asked[0].line,
        "POST /base/charges?key=in-the-query HTTP/1.1"
    );
    assert_eq!(asked[0].body, "amount=1");
    assert_eq!(
        asked[0].header("authorization"),
        Some(&*format!("Bearer {TOKEN}"))
    );
    assert_eq!(asked[0].header("x-version"), Some("7"));
    assert_eq!(
        asked[0].header("host"),
        service.url().strip_prefix("http://")
    );
    assert_eq!(
        asked[1].header("authorization"),
        Some(&*format!("Basic {BASIC}"))
    );

    // A failure is logged, too.
    let gone = run_one(&host, errand("slow", "GET", "/hang?key=in-the-query", "")).await;
    assert_eq!(gone["error"], "unknown");
    let (told, logged) = (json!(told).to_string(), log.text());
    for secret in [TOKEN, PASSWORD, BASIC, "in-the-query"] {
        assert!(!told.contains(secret), "{secret}");
        assert!(!logged.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
pub async fn what_manifest_operator_and_bounds_do_not_allow_is_not_sent() {
    let service = Service::start().await;
    let host = host(&service).await;
    let with = |key: &str, value: Value| {
        let mut errand = errand("bank", "POST", "/charges", "p");
        errand[key] = value;
        errand
    };
    let header = |name: &str, value: &str| with("headers", json!([[name, value]]));
    let many: Vec<[&str; 2]> = (0..33).map(|_| ["x-a", "b"]).collect();
    for (errand, error) in [
        (errand("elsewhere", "GET", "/", ""), "denied"),
        (errand("unset", "GET", "/", ""), "denied"),
        (with("path", json!("/../admin")), "invalid"),
        (with("path", json!("/a/%2e%2e/admin")), "invalid"),
        (with("path", json!("//evil.example/")), "invalid"),
        (with("path", json!("http://evil.example/")), "invalid"),
        (with("path", json!("@evil.example/")), "invalid"),
        (with("path", json!("/a#b")), "invalid"),
        (with("path", json!("/a\\b")), "invalid"),
        (
            with("path", json!(format!("/{}", "x".repeat(4 << 10)))),
            "invalid",
        ),
        (header("Host", "evil.example"), "invalid"),
        (header("authorization", "Bearer mine"), "invalid"),
        (header("Cookie", "a=b"), "invalid"),
        (header("Transfer-Encoding", "chunked"), "invalid"),
        (header("idempotency-key", "mine"), "invalid"),
        (header("x-a", "b\r\nHost: evil.example"), "invalid"),
        (header("x-a", &"x".repeat(4 << 10)), "invalid"),
        (with("headers", json!(many)), "invalid"),
        (with("body", json!("x".repeat((1 << 20) + 1))), "invalid"),
        (with("purpose", json!("x".repeat(129))), "invalid"),
    ] {
        let told = run_one(&host, errand).await;
        assert_eq!(told["error"], error, "{told}");
    }
    assert!(service.asked().is_empty(), "{:?}", service.asked());
}

/// The first run has paid when it meets a conflict. The second one asks the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_conflict_nothing_is_sent_twice() {
    let service = Service::start().await;
    let host = host(&service).await;
    stock(&host, "backwards", 0).await;
    let errands = json!([
        errand("bank", "POST", "/charges", "charge"),
        errand("bank", "POST", "/gate", "refund"),
    ]);
    let running = tokio::spawn({
        let actor = host.anonymous();
        async move { actor.post("/probe/errands", &errands).await }
    });
    service.was_asked(2).await;
    stock(&host, "backwards", 1).await;
    service.open_gate();
    let answer = running.await.unwrap().json_of(200);
    assert_eq!(answer["backwards"], true, "the second run's answer");
    let told = answer["told"].as_array().unwrap();
    let bodies: Vec<&str> = told
        .iter()
        .map(|told| told["body"].as_str().unwrap())
        .collect();
    assert_eq!(bodies, ["2", "1"]);
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_reaches_the_service_under_the_same_key() {
    let service = Service::start().await;
    let host = host(&service).await;
    let errands = [
        errand("bank", "POST", "/charges", "charge"),
        errand("bank", "POST", "/charges", "refund"),
        errand("bank", "POST", "/quotes", ""),
        errand("bank", "POST", "/quotes", ""),
        errand("bank", "GET", "/charges", "look"),
        errand("post", "POST", "/letters", "letter"),
    ];
    let client = host.anonymous().idempotent("the-clients-own");
    stock(&host, "fails", 1).await;
    let failed = client.post("/probe/errands", &json!(errands)).await;
    let _ = failed.problem(409, "failed");
    stock(&host, "fails", 0).await;
    run(&client, &errands).await;
    // Kept now: nothing is asked any more.
    run(&client, &errands).await;

    let keys = || -> Vec<Option<String>> {
        let asked = service.asked();
        let key = |asked: &service::Asked| asked.header("idempotency-key").map(str::to_owned);
        asked.iter().map(key).collect()
    };
    let known = keys();
    assert_eq!(known.len(), 2 * errands.len());
    let (first, second) = known.split_at(errands.len());
    assert_eq!(first, second);
    let set: Vec<&String> = first.iter().flatten().collect();
    assert_eq!(
        set.len(),
        3,
        "without a purpose there is none, and who takes none gets none"
    );
    for (at, key) in set.iter().enumerate() {
        assert!(key.len() == 64 && !set[..at].contains(key), "{set:?}");
    }

    // Another client's key, and requests without any, are other causes: whatever id the client gives them.
    let charge = &errands[..1];
    run(&host.anonymous().idempotent("another"), charge).await;
    let nameless = host.anonymous().header("x-request-id", "event-1");
    run(&nameless, charge).await;
    run(&nameless, charge).await;
    let charges = [&keys()[12..], &known[..1]].concat();
    let different: std::collections::BTreeSet<_> = charges.iter().flatten().collect();
    assert_eq!(different.len(), 4, "{charges:?}");
}

#[tokio::test(flavor = "multi_thread")]
pub async fn an_answer_that_never_ends_or_never_comes_is_an_error() {
    let service = Service::start().await;
    let host = host(&service).await;
    for (errand, error) in [
        (errand("slow", "POST", "/hang", "p"), "unknown"),
        (errand("slow", "POST", "/drip", "q"), "unknown"),
        (errand("post", "POST", "/broken", "p"), "unknown"),
        (errand("post", "GET", "/large", ""), "unknown"),
        (errand("post", "GET", "/endless", ""), "unknown"),
    ] {
        let told = run_one(&host, errand.clone()).await;
        assert_eq!(told["error"], error, "{errand}: {told}");
    }
    assert_eq!(service.asked().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
pub async fn a_redirect_is_an_answer_and_not_followed() {
    let service = Service::start().await;
    let host = host(&service).await;
    let told = run_one(&host, errand("bank", "GET", "/redirect", "")).await;
    assert_eq!(told["status"], 302);
    let headers = told["headers"].as_array().unwrap();
    assert!(
        headers.contains(&json!(["location", "/elsewhere"])),
        "{headers:?}"
    );
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
pub async fn an_address_that_is_not_public_needs_the_operators_word() {
    let service = Service::start().await;
    let host = Arc::new(TestHost::builder().guest("probe").start().await);
    let policy = |host: &str, allow_private| {
        let destination = Destination {
            url: format!("http://{host}:{}", service.port),
            allow_private,
        };
        let of_probe = BTreeMap::from([("slow".to_owned(), destination)]);
        Policy {
            outbound: BTreeMap::from([("probe".to_owned(), of_probe)]),
            ..Policy::default()
        }
    };
    for address in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
        "[::ffff:10.0.0.1]",
    ] {
        host.runtime.set_policy(policy(address, false)).await;
        let told = run_one(&host, errand("slow", "GET", "/", "")).await;
        assert_eq!(told["error"], "unreachable", "{address}: {told}");
    }
    assert!(service.asked().is_empty());
    for address in ["127.0.0.1", "localhost", "2130706433"] {
        host.runtime.set_policy(policy(address, true)).await;
        let told = run_one(&host, errand("slow", "GET", "/", "")).await;
        assert_eq!(told["status"], 200, "{address}: {told}");
    }
    // What speaks no TLS gets no request, wherever it is.
    let mut https = policy("127.0.0.1", true);
    for destination in https.outbound.get_mut("probe").unwrap().values_mut() {
        destination.url = destination.url.replace("http:", "https:");
    }
    host.runtime.set_policy(https).await;
    let told = run_one(&host, errand("slow", "GET", "/", "")).await;
    assert!(told["error"].is_string(), "{told}");
    let heard = service.asked();
    assert_eq!(
        heard
            .iter()
            .filter(|asked| asked.line.starts_with("GET "))
            .count(),
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_sends_so_many_requests_and_no_more() {
    let service = Service::start().await;
    let host = host(&service).await;
    let most = REQUESTS_PER_RUN_MAX as usize;
    let errands = vec![errand("post", "GET", "/", ""); most + 1];
    let told = run(&host.anonymous(), &errands).await;
    assert!(
        told[..most].iter().all(|told| told["status"] == 200),
        "{told:?}"
    );
    assert_eq!(told[most]["error"], "limit");
    assert_eq!(service.asked().len(), most);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_rests_on_a_service_is_not_told_again() {
    let service = Service::start().await;
    let probe = std::fs::read(guest_file("probe")).unwrap();
    let probe = repack(&probe, |package| {
        for route in &mut package.manifest.routes {
            route.remember = route.method == Method::Get;
        }
    });
    let host = builder(&service).with("probe", probe).start().await;
    for _ in 0..2 {
        let answer = host.anonymous().get("/probe/errands/post").await;
        assert_eq!(answer.json_of(200)["status"], 200);
    }
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_says_of_nothing_is_refused() {
    let elsewhere = Destination {
        url: "https://elsewhere.example".into(),
        allow_private: false,
    };
    let of_probe = BTreeMap::from([("bnak".to_owned(), elsewhere)]);
    let policy = Policy {
        outbound: BTreeMap::from([("probe".to_owned(), of_probe)]),
        ..Policy::default()
    };
    let host = TestHost::builder().policy(policy).start().await;
    let probe = std::fs::read(guest_file("probe")).unwrap();
    let reason = host.install("probe", &probe).await.unwrap_err();
    assert!(reason.contains("bnak"), "{reason}");
}

#[tokio::test]
async fn nothing_is_sent_on_the_presumption_that_a_name_is_free() {
    let service = Service::start().await;
    let host = host(&service).await;
    let actor = host.anonymous();
    let charge = errand("post", "POST", "/charge", "charge");
    let told = actor.post("/probe/named-errands/once", &charge).await;
    assert_eq!(told.json_of(200)["status"], 200);
    let again = actor.post("/probe/named-errands/once", &charge).await;
    let _ = again.problem(409, "done");
    assert_eq!(service.asked().len(), 1);
}
