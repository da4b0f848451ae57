//! How failures are told.

use serde_json::json;
use stoa_web::EdgeConfig;

use crate::world::{world, world_with};

#[tokio::test]
async fn a_plugins_problem_is_told_in_full() {
    let answer = world()
        .get("/do/sold_out", &[("x-request-id", "r-1")])
        .await;
    assert_eq!(answer.status, 409);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(
        answer.json(),
        json!({
            "type": "https://stoa.dev/problems/out-of-stock",
            "title": "Conflict",
            "status": 409,
            "detail": "Only 2 left.",
            "instance": "urn:stoa:request:r-1",
            "field": "items.0.quantity",
        })
    );
}

#[tokio::test]
async fn a_failure_of_ours_tells_nothing_of_the_inside() {
    let world = world();
    for (path, status, code) in [
        ("/do/broken", 503, "unavailable"),
        ("/do/panic", 500, "internal"),
        ("/do/collapse", 500, "plugin-error"),
        ("/do/switch", 502, "plugin-error"),
        ("/do/invalid", 500, "error"),
    ] {
        let answer = world.get(path, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (status, code),
            "{path}"
        );
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for inside in [
            "hunter2",
            "ws://",
            "secret",
            "stack trace",
            "field",
            "Not A Code",
        ] {
            assert!(!text.contains(inside), "{path} tells {inside}: {text}");
        }
        assert!(text.contains(answer.header("x-request-id").unwrap()));
    }
}

#[tokio::test]
async fn a_pause_is_told_where_repeating_makes_sense() {
    let world = world();
    assert_eq!(
        world.get("/do/broken", &[]).await.header("retry-after"),
        Some("7")
    );
    assert_eq!(
        world.get("/do/panic", &[]).await.header("retry-after"),
        None
    );
}

#[tokio::test]
async fn what_never_answers_is_given_up() {
    let answer = world_with(EdgeConfig {
        request_ms_max: 20,
        ..EdgeConfig::default()
    })
    .get("/do/hang", &[])
    .await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (504, "timeout")
    );
}
