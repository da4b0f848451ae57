//! What a plugin may do is asked at each host call, so that it can be taken away while a request runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::secret::Secret;
use stoa_kernel::store::Store as _;
use stoa_kernel::wit::{FREE_CAPABILITIES, HOST_INTERFACES, Permission};
use stoa_runtime::Policy;
use stoa_testkit::{TestHost, TestHostBuilder};

use crate::log::Log;
use crate::outbound::service::Service;

/// What each interface takes beside its capability.
const BESIDE: &[(&str, &[&str])] = &[
    ("events", &["raises:toucher.told"]),
    (
        "http-client",
        &[
            "outbound:gate=https://gate.invalid",
            "secret:hook",
            "sends:hook=https://gate.invalid",
        ],
    ),
    ("secrets", &["secret:hook"]),
];

fn words(of: &[&str]) -> BTreeSet<Permission> {
    let word = |text: &&str| Permission::try_from((*text).to_owned()).unwrap();
    of.iter().map(word).collect()
}

fn policy(plugin: &str, granted: BTreeSet<Permission>) -> Policy {
    Policy {
        grants: BTreeMap::from([(plugin.to_owned(), granted)]),
        ..Policy::default()
    }
}

/// What the operator says beside grants.
fn with_service(service: &Service) -> TestHostBuilder {
    TestHost::builder()
        .outbound("toucher", "gate", &service.url())
        .secret("toucher", "hook", &["key"])
}

/// The same under other grants.
fn again(granted: BTreeSet<Permission>, service: &Service) -> Policy {
    let destination = stoa_kernel::outbound::Destination {
        url: service.url(),
        allow_private: true,
    };
    let mut policy = policy("toucher", granted);
    let gate = BTreeMap::from([("gate".to_owned(), destination)]);
    policy.outbound = BTreeMap::from([("toucher".to_owned(), gate)]);
    let hook = BTreeMap::from([("hook".to_owned(), vec![Secret::new("key")])]);
    policy.secrets = BTreeMap::from([("toucher".to_owned(), hook)]);
    policy
}

/// Every row of the table of interfaces, also those that somebody adds.
#[tokio::test(flavor = "multi_thread")]
pub async fn each_interface_is_there_for_whom_it_is_granted_to_alone() {
    let service = Service::start().await;
    let host = with_service(&service).guest("toucher").start().await;
    for (interface, word) in HOST_INTERFACES {
        let path = format!("/touch/{word}");
        let capability = format!("capability:{word}");
        let beside = BESIDE.iter().find(|(of, _)| of == word);
        let mut needed = vec!["route:GET /touch/{what}"];
        needed.extend(beside.map_or(&[][..], |(_, words)| words));
        host.runtime
            .set_policy(again(words(&needed), &service))
            .await;
        if FREE_CAPABILITIES.contains(word) {
            let _ = host.anonymous().get(&path).await.expect(200);
            continue;
        }
        let denied = host.anonymous().get(&path).await;
        let shown = denied.problem(502, "plugin-denied").to_string();
        assert!(!shown.contains("capability"), "{interface}: {shown}");

        needed.push(&capability);
        host.runtime
            .set_policy(again(words(&needed), &service))
            .await;
        let touched = host.anonymous().get(&path).await.json_of(200);
        assert_eq!(touched["touched"], *word, "{interface}");
        for word in beside.map_or(&[][..], |(_, words)| words) {
            let less: Vec<&str> = needed.iter().copied().filter(|each| each != word).collect();
            host.runtime.set_policy(again(words(&less), &service)).await;
            let _ = host
                .anonymous()
                .get(&path)
                .await
                .problem(502, "plugin-denied");
        }
    }
    // Nothing was sent without a grant.
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test]
async fn what_was_tried_is_told_to_the_operator_alone() {
    let log = Log::of_audit();
    let host = TestHost::builder()
        .policy(policy("toucher", words(&["route:GET /touch/{what}"])))
        .guest("toucher")
        .start()
        .await;
    let _ = host
        .account_in("curious", "carl", Role::User)
        .get("/touch/mail")
        .await
        .problem(502, "plugin-denied");
    let line = log.text();
    let found = line.lines().find(|line| line.contains("curious"));
    let line = found.unwrap_or_else(|| panic!("{line}"));
    for part in ["audit", "toucher", "capability:mail"] {
        assert!(line.contains(part), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_taken_away_ends_requests_under_way() {
    for what in ["cache", "storage"] {
        let service = Service::start().await;
        let host = Arc::new(with_service(&service).guest("toucher").start().await);
        let asking = {
            let (host, path) = (Arc::clone(&host), format!("/touch/gate/{what}"));
            tokio::spawn(async move { host.anonymous().post(&path, &json!({})).await })
        };
        service.was_asked(1).await;
        // It has touched once, and waits for the gate.
        let mut kept = words(&["capability:http-client", "secret:hook"]);
        kept.extend(words(&[
            "outbound:gate=https://gate.invalid",
            "sends:hook=https://gate.invalid",
        ]));
        kept.extend(words(&["route:POST /touch/gate/{what}"]));
        host.runtime.set_policy(again(kept, &service)).await;
        service.open_gate();
        let _ = asking.await.unwrap().problem(502, "plugin-denied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_is_not_granted_is_none() {
    let host = TestHost::builder()
        .policy(policy("toucher", words(&["route:GET /calm"])))
        .guest("toucher")
        .start()
        .await;
    let _ = host.anonymous().get("/calm").await.expect(200);
    let _ = host
        .anonymous()
        .get("/touch/http")
        .await
        .problem(404, "not-found");
    host.runtime.set_policy(Policy::default()).await;
    let _ = host.anonymous().get("/touch/http").await.expect(200);
}

/// What the toucher has heard once nothing waits any more.
async fn heard_of_one(granted: &[&str]) -> Value {
    let mut all = words(&[
        "capability:events",
        "capability:storage",
        "raises:toucher.told",
    ]);
    all.extend(words(&["route:GET /touch/{what}", "route:GET /heard"]));
    all.extend(words(granted));
    let host = TestHost::builder()
        .policy(policy("toucher", all))
        .guest("toucher")
        .start()
        .await;
    let _ = host.anonymous().get("/touch/events").await.expect(200);
    let dispatcher = host.dispatch().await;
    let main = TenantId::parse("main").unwrap();
    while !host.store.outbox(&main, None, 10).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let heard = host.anonymous().get("/heard").await.json_of(200);
    drop(dispatcher);
    heard["heard"]["times"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_not_granted_is_not_handed_over() {
    assert_eq!(heard_of_one(&["hears:toucher.told"]).await, json!(1));
    assert_eq!(heard_of_one(&[]).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_use_or_provide_meets_nobody() {
    let host = TestHost::builder()
        .plugin("catalog")
        .plugin("cart")
        .start()
        .await;
    let item = json!({ "productId": "p", "quantity": 1 });
    let without = |plugin: &str, prefix: &str| {
        let package = stoa_kernel::plugins::Plugins::snapshot(&*host.runtime)
            .packages()
            .into_iter()
            .find(|package| package.manifest.name == plugin)
            .unwrap();
        let mut granted = package.manifest.permissions();
        granted.retain(|word| !word.as_str().starts_with(prefix));
        policy(plugin, granted)
    };
    let uses_nobody = without("cart", "uses:");
    let provides_nothing = without("catalog", "provides:");
    let add = async || host.user("u").post("/api/cart/items", &item).await;
    let _ = add().await.expect(404);
    host.runtime.set_policy(uses_nobody).await;
    let _ = add().await.problem(502, "plugin-denied");
    host.runtime.set_policy(provides_nothing).await;
    let _ = add().await.problem(503, "unavailable");

    // An extension point is as if nobody filled it.
    let host = TestHost::builder()
        .guest("probe")
        .guest("hostile")
        .start()
        .await;
    let ask = async || {
        let told = host.anonymous().post("/probe/tax/DE", &json!({})).await;
        told.json_of(200)["answer"].clone()
    };
    assert_eq!(ask().await, json!({ "minor": 107 }));
    let mut granted = words(&["capability:storage", "route:POST /probe/tax/{country}"]);
    host.runtime
        .set_policy(policy("probe", granted.clone()))
        .await;
    assert_eq!(ask().await, json!({ "unavailable": "no-provider" }));
    granted.extend(words(&["uses:stoa:commerce/tax@0.1.0"]));
    host.runtime.set_policy(policy("probe", granted)).await;
    assert_eq!(ask().await, json!({ "minor": 107 }));
}
