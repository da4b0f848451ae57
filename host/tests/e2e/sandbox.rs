//! Hostile guests: each misdeed costs its own request, and nobody else's.

use serde_json::json;
use stoa_testkit::TestHost;

async fn host() -> TestHost {
    TestHost::builder()
        .guest("hostile")
        .guest("probe")
        .start()
        .await
}

/// The host goes on: another plugin answers at once.
async fn still_well(host: &TestHost) {
    let answer = host.anonymous().get("/probe/settings").await.json_of(200);
    assert_eq!(answer, json!({ "greeting": "hello" }));
}

async fn ends_in(misdeed: &str, status: u16, code: &str) {
    let host = host().await;
    let problem = host
        .anonymous()
        .post(&format!("/hostile/{misdeed}"), &json!({}))
        .await
        .problem(status, code);
    let shown = problem.to_string();
    assert!(
        !shown.contains("wasm") && !shown.contains("hostile"),
        "internals are shown: {shown}"
    );
    still_well(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_runs_out_of_computing_time() {
    ends_in("spin", 504, "plugin-timeout").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn allocating_without_end_runs_out_of_memory() {
    ends_in("allocate", 502, "plugin-limit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recursion_without_end_traps() {
    ends_in("recurse", 502, "plugin-trap").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_trap() {
    ends_in("crash", 502, "plugin-trap").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_status_is_invalid_output() {
    ends_in("impossible-status", 502, "plugin-invalid-output").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_would_split_the_answer_is_invalid_output() {
    ends_in("split-header", 502, "plugin-invalid-output").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_beyond_its_bound_is_refused() {
    ends_in("huge-answer", 502, "plugin-limit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn host_calls_are_counted() {
    ends_in("call-without-end", 502, "plugin-limit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_passed_to_the_host_are_counted() {
    ends_in("pass-without-end", 502, "plugin-limit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_is_cut_and_harms_nobody() {
    let host = host().await;
    let _ = host
        .anonymous()
        .post("/hostile/flood-log", &json!({}))
        .await
        .expect(204);
    still_well(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_manifest_does_not_list_is_denied_to_the_guest() {
    let host = host().await;
    for misdeed in ["foreign-collection", "unlisted-event", "impossible-query"] {
        let answer = host
            .anonymous()
            .post(&format!("/hostile/{misdeed}"), &json!({}))
            .await
            .json_of(200);
        assert_eq!(answer, json!({ "refused": true }), "{misdeed}");
    }
    still_well(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_without_end_meets_a_limit_and_leaves_nothing() {
    let host = host().await;
    let _ = host
        .anonymous()
        .post("/hostile/write-without-end", &json!({}))
        .await
        .problem(422, "too-much");
    assert_eq!(stored(&host).await, 0);
    still_well(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failed_request_wrote_and_raised_is_gone() {
    let host = host().await;
    let _ = host
        .anonymous()
        .post("/hostile/write-then-crash", &json!({}))
        .await
        .problem(502, "plugin-trap");
    let _ = host
        .anonymous()
        .post("/hostile/write-then-fail", &json!({}))
        .await
        .problem(409, "on-purpose");
    assert_eq!(stored(&host).await, 0);
    let tenant = stoa_kernel::id::TenantId::parse("main").unwrap();
    assert_eq!(
        stoa_kernel::store::Store::outbox(&*host.store, &tenant, None, 10)
            .await
            .unwrap(),
        []
    );
}

/// Documents of the hostile plugin, read past it.
async fn stored(host: &TestHost) -> u64 {
    use stoa_kernel::query::Query;
    use stoa_kernel::store::Store;
    let tenant = stoa_kernel::id::TenantId::parse("main").unwrap();
    let unit = host.store.begin(&tenant).await.unwrap();
    let all = Query {
        filter: None,
        sort: vec![],
        limit: 1,
        offset: 0,
        cursor: None,
        fields: vec![],
        total: true,
    };
    let things = stoa_kernel::id::CollectionName::new("hostile", "things");
    unit.query(&things, &all).await.unwrap().total.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_instance_remembers_nothing() {
    let host = host().await;
    for _ in 0..5 {
        assert_eq!(
            host.anonymous().get("/probe/residue").await.json_of(200),
            json!({ "served": 1 })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_served_while_a_guest_spins() {
    let host = std::sync::Arc::new(host().await);
    let spinning: Vec<_> = (0..8)
        .map(|_| {
            let host = std::sync::Arc::clone(&host);
            tokio::spawn(async move {
                host.anonymous()
                    .post("/hostile/spin", &json!({}))
                    .await
                    .status
                    .as_u16()
            })
        })
        .collect();
    for _ in 0..20 {
        still_well(&host).await;
    }
    for spinner in spinning {
        assert_eq!(spinner.await.unwrap(), 504);
    }
}
