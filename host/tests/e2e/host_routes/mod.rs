//! The host's own routes, with the real plugins behind them.

mod openapi;
mod tokens;

use serde_json::json;

use crate::shop;

#[tokio::test(flavor = "multi_thread")]
async fn health_names_the_store_and_every_plugin() {
    let host = shop::open().await;
    let health = host.anonymous().get("/health").await.json_of(200);
    assert_eq!(health["status"], "ok");
    let part = |name: &str| {
        let parts = health["parts"].as_array().unwrap();
        parts
            .iter()
            .find(|part| part["part"] == name)
            .unwrap_or_else(|| panic!("no {name} in {health}"))
            .clone()
    };
    for name in ["store", "cache", "plugin:catalog", "plugin:cart"] {
        assert_eq!(part(name)["ready"], true, "{health}");
        assert_eq!(health["services"][name], "ok", "{health}");
    }
    assert_eq!(part("plugin:catalog")["version"], "0.1.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_by_route_pattern() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "metered" })).await;
    let _ = host.user("u1").get("/products/metered").await.expect(200);
    let _ = host
        .user("u1")
        .get("/products/unheard-of")
        .await
        .expect(404);
    let _ = host.anonymous().get("/products/metered").await.expect(401);
    let answer = host.anonymous().get("/metrics").await.expect(200);
    assert!(
        answer
            .text("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for status in ["200", "404", "401"] {
        let line = format!(
            r#"http_requests_total{{method="GET",route="/products/{{id}}",status="{status}"}}"#
        );
        let counted = text
            .lines()
            .find_map(|known| known.strip_prefix(&line))
            .unwrap_or_else(|| panic!("no {line}"));
        assert!(counted.trim().parse::<u64>().unwrap() >= 1);
    }
    assert!(text.contains(
        r#"http_request_duration_seconds_bucket{method="GET",route="/products/{id}",le="#
    ));
    assert!(
        !text.contains("metered") && !text.contains("unheard-of"),
        "ids would grow the metrics without end"
    );
}
