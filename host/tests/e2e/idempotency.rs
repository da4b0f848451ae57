//! Any write can be repeated safely under an `Idempotency-Key`.

use std::sync::Arc;

use serde_json::json;
use stoa_testkit::TestHost;

async fn probe() -> Arc<TestHost> {
    let host = TestHost::builder().guest("probe").start().await;
    let _ = host
        .anonymous()
        .put("/probe/stock/s/100", &json!({}))
        .await
        .expect(204);
    Arc::new(host)
}

async fn stock(host: &TestHost) -> i64 {
    host.anonymous().get("/probe/counters/s").await.json_of(200)["stock"]
        .as_i64()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_told_the_first_answer() {
    let host = probe().await;
    let buyer = host.user("u1").idempotent("k1");
    let first = buyer
        .post("/probe/stock/s/take", &json!({}))
        .await
        .expect(200);
    let second = buyer
        .post("/probe/stock/s/take", &json!({}))
        .await
        .expect(200);
    assert_eq!(first.body, second.body);
    assert_eq!(
        (
            first.text("idempotent-replayed"),
            second.text("idempotent-replayed")
        ),
        (None, Some("true"))
    );
    assert_eq!(stock(&host).await, 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_caller_and_its_body() {
    let host = probe().await;
    let _ = host
        .user("u1")
        .idempotent("k")
        .post("/probe/stock/s/take", &json!({}))
        .await
        .expect(200);
    let _ = host
        .user("u2")
        .idempotent("k")
        .post("/probe/stock/s/take", &json!({}))
        .await
        .expect(200);
    assert_eq!(stock(&host).await, 98);
    let other_body = host
        .user("u1")
        .idempotent("k")
        .post("/probe/stock/s/take", &json!({ "x": 1 }))
        .await;
    let _ = other_body.problem(422, "idempotency-mismatch");
    assert_eq!(stock(&host).await, 98);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_request_keeps_no_answer() {
    let host = probe().await;
    let buyer = host.user("u1").idempotent("k");
    let _ = buyer
        .post("/probe/stock/absent/take", &json!({}))
        .await
        .expect(404);
    let _ = host
        .anonymous()
        .put("/probe/stock/absent/1", &json!({}))
        .await
        .expect(204);
    let _ = buyer
        .post("/probe/stock/absent/take", &json!({}))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_parallel_posts_with_one_key_make_one_effect() {
    let host = probe().await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let buyer = host.user("u1").idempotent("one");
            tokio::spawn(async move { buyer.post("/probe/stock/s/take", &json!({})).await })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        let answer = task.await.unwrap();
        match answer.status.as_u16() {
            200 => {
                answered += 1;
                assert_eq!(answer.json(), json!({ "left": 99 }));
            }
            409 => drop(answer.problem(409, "idempotency-in-flight")),
            other => panic!("{other}: {}", answer.json()),
        }
    }
    assert!(answered >= 1);
    assert_eq!(stock(&host).await, 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_forgotten_after_a_day() {
    let host = probe().await;
    let buyer = host.user("u1").idempotent("k");
    let _ = buyer
        .post("/probe/stock/s/take", &json!({}))
        .await
        .expect(200);
    host.clock.advance(24 * 60 * 60 * 1_000);
    let again = buyer
        .post("/probe/stock/s/take", &json!({}))
        .await
        .expect(200);
    assert_eq!(again.text("idempotent-replayed"), None);
    assert_eq!(stock(&host).await, 98);
}
