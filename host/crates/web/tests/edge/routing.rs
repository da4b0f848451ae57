//! What a method and a path lead to.

use serde_json::json;

use crate::world::world;

#[tokio::test]
async fn a_route_gets_its_parameters_query_and_body() {
    let answer = world()
        .send("PUT", "/api/things/7?a=1&b=%20", &[], "hello")
        .await;
    assert_eq!(answer.status, 200);
    let seen = answer.json();
    assert_eq!(seen["params"], json!([["id", "7"]]));
    assert_eq!(seen["query"], "a=1&b=%20");
    assert_eq!(seen["body"], "hello");
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let answer = world().get("/api/nothing", &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (404, "not-found")
    );
}

#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let world = world();
    for method in ["PUT", "TRACE", "BREW"] {
        let answer = world.send(method, "/api/things", &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (405, "method-not-allowed"),
            "{method}"
        );
        assert_eq!(answer.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
    }
    let answer = world.send("OPTIONS", "/api/things", &[], "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (204, Some("GET, POST, HEAD, OPTIONS"))
    );
}

#[tokio::test]
async fn a_head_is_a_get_that_keeps_its_body_back() {
    let world = world();
    for path in ["/do/big", "/health"] {
        let get = world.get(path, &[]).await;
        let head = world.send("HEAD", path, &[], "").await;
        assert_eq!(head.status, 200);
        assert!(head.body.is_empty());
        assert_eq!(
            head.header("content-length"),
            Some(get.body.len().to_string().as_str()),
            "{path}"
        );
        assert_eq!(head.header("content-type"), get.header("content-type"));
    }
}

#[tokio::test]
async fn no_plugin_stands_in_front_of_a_host_route() {
    let world = world();
    assert_eq!(world.get("/health", &[]).await.json()["status"], "ok");
    let answer = world.send("POST", "/health", &[], "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, Some("GET, HEAD, OPTIONS"))
    );
}

#[tokio::test]
async fn a_query_has_a_bound() {
    let world = world();
    let path = |bytes: usize| format!("/api/things?{}", "q".repeat(bytes));
    assert_eq!(world.get(&path(8 << 10), &[]).await.status, 200);
    let answer = world.get(&path((8 << 10) + 1), &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (414, "query-too-long")
    );
}
