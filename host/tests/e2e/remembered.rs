//! Answers are told again without running the handler, as long as nothing they rest on has changed.

use serde_json::{Value, json};
use stoa_kernel::wit::Method;
use stoa_testkit::{Actor, TestHost, guest_file, repack};

/// A host with the probe whose every `GET` may be remembered.
async fn host() -> TestHost {
    let probe = std::fs::read(guest_file("probe")).unwrap();
    let probe = repack(&probe, |package| {
        for route in &mut package.manifest.routes {
            route.remember = route.method == Method::Get;
        }
    });
    TestHost::builder().with("probe", probe).start().await
}

/// What it answers, and whether that was remembered.
async fn ask(actor: &Actor, path: &str) -> (Value, bool) {
    let answer = actor.get(path).await.expect(200);
    let status = answer.text("cache-status").map(ToOwned::to_owned);
    (answer.json(), status.as_deref() == Some("Stoa; hit"))
}

/// Asks twice; whether the second answer was remembered.
async fn is_remembered(actor: &Actor, path: &str) -> bool {
    let (first, hit) = ask(actor, path).await;
    assert!(!hit, "{path}: nobody has asked before");
    let (second, hit) = ask(actor, path).await;
    if hit {
        assert_eq!(first, second, "{path}");
    }
    hit
}

fn note(name: &str, kind: &str) -> Value {
    json!({ "name": name, "kind": kind, "rank": 1 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_told_again_until_somebody_writes_it() {
    let host = host().await;
    let anybody = host.anonymous();
    let count = async || {
        anybody
            .post("/probe/counters/a", &json!({}))
            .await
            .json_of(200)["n"]
            .clone()
    };
    for id in ["a", "b"] {
        let made = format!("/probe/stock/{id}/1");
        let _ = anybody.put(&made, &json!({})).await.expect(204);
    }
    count().await;
    assert!(is_remembered(&anybody, "/probe/counters/a").await);
    // Another document is none of its business.
    let _ = anybody
        .post("/probe/counters/b", &json!({}))
        .await
        .expect(200);
    assert!(ask(&anybody, "/probe/counters/a").await.1);
    for round in 2..20 {
        assert_eq!(count().await, round);
        let (answer, hit) = ask(&anybody, "/probe/counters/a").await;
        assert_eq!((&answer["n"], hit), (&json!(round), false));
        assert!(ask(&anybody, "/probe/counters/a").await.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_told_again_until_its_collection_changes() {
    let host = host().await;
    let anybody = host.anonymous();
    let _ = anybody
        .post("/probe/notes", &note("one", "k"))
        .await
        .expect(201);
    assert!(is_remembered(&anybody, "/probe/kinds/k").await);
    let _ = anybody
        .post("/probe/notes", &note("two", "k"))
        .await
        .expect(201);
    let (answer, hit) = ask(&anybody, "/probe/kinds/k").await;
    assert_eq!((answer["names"].as_array().unwrap().len(), hit), (2, false));
    // What does not exist yet is part of an answer, too; but only good answers are kept.
    let _ = anybody
        .get("/probe/notes/three")
        .await
        .problem(404, "not-found");
    let _ = anybody
        .post("/probe/notes", &note("three", "k"))
        .await
        .expect(201);
    assert_eq!(ask(&anybody, "/probe/notes/three").await.0["name"], "three");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_belongs_to_who_asked_what_of_whom() {
    let host = host().await;
    let ada = host.user("ada");
    assert!(is_remembered(&ada, "/probe/whoami").await);
    for other in [
        host.anonymous(),
        host.user("bob"),
        host.admin(),
        host.account_in("rival", "ada", stoa_kernel::identity::Role::User),
    ] {
        assert!(!ask(&other, "/probe/whoami").await.1);
    }
    assert_eq!(ask(&host.user("bob"), "/probe/whoami").await.0["id"], "bob");
    assert!(!ask(&ada, "/probe/whoami?x=1").await.1, "another query");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_differ_next_time_is_never_told_again() {
    let host = host().await;
    let anybody = host.anonymous();
    for what in ["time", "chance", "log", "header", "request"] {
        assert!(
            !is_remembered(&anybody, &format!("/probe/outside/{what}")).await,
            "{what}"
        );
    }
    assert!(is_remembered(&anybody, "/probe/outside/nothing").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_the_plugins_cache_counts_as_read() {
    let host = host().await;
    let anybody = host.anonymous();
    let keep = async |value: i64| {
        let _ = anybody
            .post("/probe/cached/a", &json!(value))
            .await
            .expect(204);
    };
    keep(1).await;
    assert!(is_remembered(&anybody, "/probe/cached/a").await);
    keep(2).await;
    assert_eq!(
        ask(&anybody, "/probe/cached/a").await,
        (json!({ "value": 2 }), false)
    );
    assert!(ask(&anybody, "/probe/cached/a").await.1);
    host.clock.advance(60_000);
    assert_eq!(
        ask(&anybody, "/probe/cached/a").await,
        (json!({ "value": null }), false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_the_plugin_starts_without_answers() {
    let host = host().await;
    let anybody = host.anonymous();
    assert!(is_remembered(&anybody, "/probe/settings").await);
    let probe = std::fs::read(guest_file("probe")).unwrap();
    let newer = repack(&probe, |package| package.manifest.version = "0.2.0".into());
    host.install("probe", &newer).await.unwrap();
    assert!(!ask(&anybody, "/probe/settings").await.1);
    assert!(
        !ask(&anybody, "/probe/settings").await.1,
        "this one does not ask to be remembered"
    );
}

/// Readers and a writer at once: whoever has been told that a write happened never reads an older answer.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_an_older_answer_than_was_acknowledged() {
    const WRITES: i64 = 150;
    let host = host().await;
    let acknowledged = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(0));
    let anybody = host.anonymous();
    let made = "/probe/stock/a/1";
    let _ = anybody.put(made, &json!({})).await.expect(204);
    let _ = anybody
        .post("/probe/counters/a", &json!({}))
        .await
        .expect(200);
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (reader, acknowledged) = (host.anonymous(), acknowledged.clone());
            tokio::spawn(async move {
                loop {
                    let least = acknowledged.load(std::sync::atomic::Ordering::SeqCst);
                    let seen = ask(&reader, "/probe/counters/a").await.0["n"]
                        .as_i64()
                        .unwrap();
                    assert!(seen >= least, "{seen} after {least} was acknowledged");
                    if least >= WRITES {
                        return;
                    }
                    // As a client between two requests: what is always ready gives way to nobody.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for _ in 0..WRITES {
        let n = anybody
            .post("/probe/counters/a", &json!({}))
            .await
            .json_of(200)["n"]
            .as_i64()
            .unwrap();
        acknowledged.store(n, std::sync::atomic::Ordering::SeqCst);
    }
    for reader in readers {
        reader.await.unwrap();
    }
}
