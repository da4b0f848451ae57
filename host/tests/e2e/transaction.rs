//! A request is a transaction, and conflicts retry themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use stoa_kernel::identity::Role;
use stoa_testkit::{TestHost, guest_file, repack};

async fn probe() -> Arc<TestHost> {
    Arc::new(TestHost::builder().guest("probe").start().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_written_read_and_told_once() {
    let host = probe().await;
    let note = json!({ "name": "first", "kind": "memo", "rank": 1 });
    assert_eq!(
        host.anonymous()
            .post("/probe/notes", &note)
            .await
            .json_of(201),
        note
    );
    assert_eq!(
        host.anonymous()
            .get("/probe/notes/first")
            .await
            .json_of(200),
        note
    );
    let _ = host
        .anonymous()
        .post("/probe/notes", &note)
        .await
        .problem(409, "already-exists");

    let tenant = stoa_kernel::id::TenantId::parse("main").unwrap();
    let events = stoa_kernel::store::Store::outbox(&*host.store, &tenant, None, 10)
        .await
        .unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(
        (events[0].name.as_str(), events[0].key.as_str()),
        ("probe.noted", "first")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_in_a_body_names_its_field_and_stores_nothing() {
    let host = probe().await;
    for (body, field) in [
        (r#"{"name":"a","kind":"b"}"#, Some("rank")),
        (r#"{"name":"a","kind":"b","rank":"one"}"#, Some("rank")),
        (
            r#"{"name":"a","kind":"b","rank":1,"admin":true}"#,
            Some("admin"),
        ),
        (r#"{"name":"a","kind":"b","rank":1e40}"#, Some("rank")),
        (r#"{"name":"a","#, None),
        ("", None),
    ] {
        let answer = host
            .anonymous()
            .send(http::Method::POST, "/probe/notes", body)
            .await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(
            answer.json()["field"].as_str(),
            field,
            "{body}: {}",
            answer.json()
        );
    }
    let _ = host
        .anonymous()
        .get("/probe/notes/a")
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_lose_no_update_and_share_no_id() {
    const REQUESTS: usize = 60;
    let host = probe().await;
    let tenant_ready = host
        .anonymous()
        .post("/probe/counters/migrated", &json!({}))
        .await;
    assert_eq!(tenant_ready.json_of(200)["n"], 1);
    let tasks: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let host = Arc::clone(&host);
            tokio::spawn(async move {
                host.anonymous()
                    .post("/probe/counters/migrated", &json!({}))
                    .await
                    .json_of(200)
            })
        })
        .collect();
    let (mut numbers, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for task in tasks {
        let answer = task.await.unwrap();
        numbers.insert(answer["n"].as_u64().unwrap());
        ids.insert(answer["id"].as_str().unwrap().to_string());
    }
    assert_eq!(numbers, (2..=REQUESTS as u64 + 1).collect());
    assert_eq!(ids.len(), REQUESTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_of_ten_pieces_buy_exactly_ten() {
    let host = probe().await;
    let _ = host
        .anonymous()
        .put("/probe/stock/watch/10", &json!({}))
        .await
        .expect(204);
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let host = Arc::clone(&host);
            tokio::spawn(async move {
                host.anonymous()
                    .post("/probe/stock/watch/take", &json!({}))
                    .await
            })
        })
        .collect();
    let mut left = BTreeSet::new();
    for task in tasks {
        let answer = task.await.unwrap();
        match answer.status.as_u16() {
            200 => assert!(
                left.insert(answer.json()["left"].as_i64().unwrap()),
                "a piece was sold twice"
            ),
            409 => {}
            other => panic!("{other}: {}", answer.json()),
        }
    }
    assert_eq!(left, (0..10).collect());
    assert_eq!(
        host.anonymous()
            .get("/probe/counters/watch")
            .await
            .json_of(200)["stock"],
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
pub async fn tenants_see_nothing_of_each_other() {
    let host = probe().await;
    let note = json!({ "name": "secret", "kind": "memo", "rank": 1 });
    let ours = host.account_in("main", "u", Role::User);
    let theirs = host.account_in("rival", "u", Role::User);
    let _ = ours.post("/probe/notes", &note).await.expect(201);
    let foreign = theirs
        .get("/probe/notes/secret")
        .await
        .problem(404, "not-found");
    let missing = theirs
        .get("/probe/notes/absent")
        .await
        .problem(404, "not-found");
    let shape = |mut body: serde_json::Value| {
        body.as_object_mut().unwrap().remove("instance");
        body
    };
    assert_eq!(shape(foreign), shape(missing));
    let named = theirs
        .header("x-tenant", "main")
        .get("/probe/notes/secret")
        .await;
    let _ = named.problem(404, "not-found");
    let _ = theirs.post("/probe/notes", &note).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cached_value_shows_once_its_request_has_committed() {
    let host = probe().await;
    let _ = host
        .anonymous()
        .post("/probe/cached/k", &json!({ "a": 1 }))
        .await
        .expect(204);
    assert_eq!(
        host.anonymous().get("/probe/cached/k").await.json_of(200)["value"],
        json!({ "a": 1 })
    );
    let other = host.account_in("rival", "u", Role::User);
    assert!(other.get("/probe/cached/k").await.json_of(200)["value"].is_null());
    host.clock.advance(60_000);
    assert!(host.anonymous().get("/probe/cached/k").await.json_of(200)["value"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_migrated_before_its_first_request() {
    let host = probe().await;
    let first = host
        .account_in("newcomer", "u", Role::User)
        .get("/probe/counters/migrated")
        .await
        .json_of(200);
    assert_eq!(first, json!({ "n": 0, "from": "" }));
}

/// What each version found stored is kept per tenant: one that is new meets the newest version alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_is_told_what_each_tenant_had_before() {
    let host = probe().await;
    let found = async |tenant: &str| {
        let user = host.account_in(tenant, "u", Role::User);
        user.get("/probe/counters/migrated").await.json_of(200)["from"].clone()
    };
    assert_eq!(found("early").await, "");
    let bytes = std::fs::read(guest_file("probe")).unwrap();
    for version in ["0.2.0", "0.3.0"] {
        let newer = repack(&bytes, |package| package.manifest.version = version.into());
        host.install("probe", &newer).await.unwrap();
    }
    assert_eq!(found("early").await, "0.2.0");
    assert_eq!(found("late").await, "");
}
