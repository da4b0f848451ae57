//! What is left of a misdeed: nothing. How each ends is told in [`crate::hostile`].

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

#[tokio::test(flavor = "multi_thread")]
pub async fn writing_without_end_meets_a_limit_and_leaves_nothing() {
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
pub async fn a_fresh_instance_remembers_nothing() {
    let host = host().await;
    for _ in 0..5 {
        assert_eq!(
            host.anonymous().get("/probe/residue").await.json_of(200),
            json!({ "served": 1 })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
pub async fn others_are_served_while_a_guest_spins() {
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
