//! `/openapi.json` and `/docs`: the API of what is loaded, as it really answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stoa_kernel::plugins::Plugins as _;
use stoa_testkit::TestHost;

use crate::shop;

#[tokio::test(flavor = "multi_thread")]
async fn the_api_document_has_every_route_and_every_reference_leads_somewhere() {
    let host = TestHost::builder().every_plugin().start().await;
    let answer = host.anonymous().get("/openapi.json").await.expect(200);
    assert_eq!(answer.text("content-type"), Some("application/json"));
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    let mut routes = 0;
    for package in host.runtime.snapshot().packages() {
        for route in &package.manifest.routes {
            routes += 1;
            let operation = &document["paths"][&route.path][route.method.as_str().to_lowercase()];
            assert_eq!(
                operation["summary"], route.summary,
                "{} {}",
                route.method, route.path
            );
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{operation}"
            );
            let open = operation["security"]
                .as_array()
                .unwrap()
                .contains(&json!({}));
            assert_eq!(
                open,
                route.callers.contains(&stoa_wit::Caller::Public),
                "{} {}",
                route.method,
                route.path
            );
            assert_eq!(
                operation["requestBody"].is_object(),
                route.request.is_some(),
                "{} {}",
                route.method,
                route.path
            );
        }
    }
    assert!(routes >= 35, "only {routes} routes");
    for path in ["/health", "/metrics", "/openapi.json", "/auth/token"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    for path in ["/api/live", "/api/live/events"] {
        let operation = &document["paths"][path]["get"];
        assert_eq!(
            operation["security"],
            json!([{ "bearer": ["user"] }]),
            "{path}"
        );
    }
    assert!(document["paths"]["/api/live/tickets"]["post"].is_object());
    assert!(document["paths"]["/socket.io/"]["get"].is_object());
    for channel in host.runtime.snapshot().channels() {
        if let Some(path) = &channel.socket {
            let operation = &document["paths"][path]["get"];
            assert_eq!(operation["summary"], channel.summary, "{path}");
        }
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > routes);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
}

fn collect_references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(reference) if name == "$ref" => found.push(reference),
                    _ => collect_references(member, found),
                }
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_the_api_document_says() {
    let host = shop::open().await;
    let document = host.anonymous().get("/openapi.json").await.json_of(200);
    let made = shop::sell(&host, json!({ "stock": 3, "type": "tool", "files": { "size": 1 }, "metadata": { "version": "1" } })).await;
    let id = shop::id(&made);
    let item = json!({ "productId": id });
    let review = json!({ "rating": 5, "title": "Fine" });
    let user = host.user("u1");
    let told = [
        ("/products", "get", user.get("/products").await.json_of(200)),
        (
            "/products/{id}",
            "get",
            user.get(&format!("/products/{id}")).await.json_of(200),
        ),
        (
            "/api/marketplace/categories",
            "get",
            user.get("/api/marketplace/categories").await.json_of(200),
        ),
        (
            "/api/marketplace/products/{id}/reviews",
            "post",
            user.post(&format!("/api/marketplace/products/{id}/reviews"), &review)
                .await
                .json_of(201),
        ),
        (
            "/api/marketplace/products/{id}/reviews",
            "get",
            user.get(&format!("/api/marketplace/products/{id}/reviews"))
                .await
                .json_of(200),
        ),
        (
            "/api/cart/items",
            "post",
            user.post("/api/cart/items", &item).await.json_of(200),
        ),
    ];
    for (path, method, answer) in &told {
        let responses = document["paths"][path][method]["responses"]
            .as_object()
            .unwrap();
        let success = responses
            .iter()
            .find(|(status, _)| status.starts_with('2'))
            .unwrap()
            .1;
        conforms(
            &document,
            &success["content"]["application/json"]["schema"],
            answer,
            path,
        );
    }
}

/// Checks the members of objects, deep down: those required are there, those there are declared.
fn conforms(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return conforms(document, target, value, at);
    }
    if let (Some(properties), Some(members)) = (schema["properties"].as_object(), value.as_object())
    {
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(
                members.contains_key(name.as_str().unwrap()),
                "{at}: {name} is missing in {value}"
            );
        }
        for (name, member) in members {
            let declared = properties
                .get(name)
                .unwrap_or_else(|| panic!("{at}: {name} is not declared"));
            conforms(document, declared, member, &format!("{at}.{name}"));
        }
    }
    if let Some(items) = value.as_array() {
        items
            .iter()
            .for_each(|item| conforms(document, &schema["items"], item, at));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("{at}: what is {other}?"),
    };
    assert!(
        kinds.iter().any(|kind| is(kind)),
        "{at}: {value} is no {kinds:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_docs_page_shows_the_document() {
    let host = shop::open().await;
    let page = host.anonymous().get("/docs").await.expect(200);
    assert_eq!(page.text("content-type"), Some("text/html; charset=utf-8"));
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    let scripts: Vec<&str> = html
        .split("src=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(!scripts.is_empty(), "{html}");
    let mut loaded = String::new();
    for script in scripts {
        let answer = host
            .anonymous()
            .get(&format!("/docs/{}", script.trim_start_matches("./")))
            .await
            .expect(200);
        loaded.push_str(&String::from_utf8_lossy(&answer.body));
    }
    assert!(loaded.contains("/openapi.json"));
}
