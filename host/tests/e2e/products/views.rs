//! Views are counted by the host, also where an answer is told without running the handler, and come to the product once a
//! minute.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stoa_kernel::event::{Event, Outbox as _};
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::wit::{Manifest, Permission};
use stoa_runtime::Policy;
use stoa_testkit::{Actor, TestHost};

use crate::events::until;
use crate::shop;

const MINUTE_MS: u64 = 60_000;

/// What the list of all products shows of one, by which nothing is counted.
async fn views(buyer: &Actor, id: &str) -> Value {
    let list = buyer.get("/api/products").await.json_of(200);
    let mut items = list["items"].as_array().unwrap().iter();
    let product = items.find(|product| product["id"] == id).unwrap();
    assert_eq!(product["viewCount"], product["analytics"]["views"]);
    product["viewCount"].clone()
}

/// Waits until so many views are shown, minute by minute.
async fn until_views(host: &TestHost, buyer: &Actor, id: &str, times: u64) {
    let ask = async || {
        host.clock.advance(MINUTE_MS);
        (views(buyer, id).await == times).then_some(())
    };
    until(&format!("{id} was seen {times} times"), ask).await;
}

/// The events of this kind that wait in a tenant's outbox.
async fn told(host: &TestHost, tenant: &str) -> Vec<Event> {
    let tenant = TenantId::parse(tenant).unwrap();
    let waiting = host.store.pending(&tenant, "", 1_000).await.unwrap();
    let events = waiting.into_iter().map(|pending| pending.event);
    events
        .filter(|event| event.name == "catalog.viewed")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_view_counts_whoever_answers_it() {
    let host = shop::open().await;
    let dispatcher = host.dispatch().await;
    let _ = shop::sell(&host, json!({ "id": "w1" })).await;
    let _ = shop::sell(&host, json!({ "id": "w2" })).await;
    let (buyer, path) = (host.anonymous(), "/api/products/w1");
    // The first leaves a copy, which the second finds.
    for _ in 0..2 {
        let _ = buyer.get(path).await.expect(200);
    }
    for _ in 0..2 {
        let again = buyer.get(path).await.expect(200);
        assert_eq!(again.text("cache-status"), Some("Stoa; hit"));
    }
    let _ = buyer.get("/api/marketplace/products/w1").await.expect(200);
    // Nobody has seen what is not there, nor another tenant's.
    let _ = buyer.get("/api/products/w3").await.expect(404);
    let rival = host.account_in("rival", "r", Role::Admin);
    let _ = rival
        .post("/products", &shop::product(json!({ "id": "w1" })))
        .await
        .expect(201);
    let _ = rival.get("/products/w1").await.expect(200);
    until_views(&host, &buyer, "w1", 5).await;
    // Nobody is signed in for so many minutes.
    let rivals = host.anonymous().header("x-tenant", "rival");
    until_views(&host, &rivals, "w1", 1).await;
    assert_eq!(views(&buyer, "w2").await, 0);
    let seen = buyer.get(path).await.json_of(200);
    assert_eq!(seen["viewCount"], 5);
    until_views(&host, &buyer, "w1", 6).await;
    dispatcher.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_counted_is_told_before_the_host_stops() {
    let host = shop::open().await;
    let mut expected = BTreeMap::new();
    for number in 0..60 {
        let id = format!("w{number}");
        let _ = shop::sell(&host, json!({ "id": id })).await;
        for _ in 0..=number % 2 {
            let path = format!("/api/products/{id}");
            let _ = host.anonymous().get(&path).await.expect(200);
        }
        expected.insert(id, 1 + number % 2);
    }
    host.dispatch().await.stop().await;
    let events = told(&host, "main").await;
    assert_eq!(events.len(), 2, "so many that one event is too small");
    let mut counts = BTreeMap::new();
    for event in events {
        let payload: BTreeMap<String, BTreeMap<String, i32>> =
            serde_json::from_str(&event.payload).unwrap();
        assert_eq!((&*event.plugin, payload.len()), ("catalog", 1));
        counts.extend(payload["counts"].clone());
    }
    assert_eq!(counts, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_raise_the_event_is_told_nothing() {
    let manifest = Manifest::from_toml(include_str!("../../../../plugins/catalog/plugin.toml"));
    let mut granted = manifest.unwrap().permissions();
    assert!(granted.remove(&Permission::raises("catalog.viewed")));
    let policy = Policy {
        grants: BTreeMap::from([("catalog".to_owned(), granted)]),
        ..Policy::default()
    };
    let host = TestHost::builder().plugin("catalog").policy(policy);
    let host = host.start().await;
    let _ = shop::sell(&host, json!({ "id": "w1" })).await;
    let _ = host.anonymous().get("/api/products/w1").await.expect(200);
    host.dispatch().await.stop().await;
    assert_eq!(told(&host, "main").await, []);
}
