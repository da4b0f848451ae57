//! The host's own routes, with the real plugins behind them.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_kernel::plugins::Plugins as _;
use stoa_testkit::TestHost;

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
    for name in ["store", "plugin:catalog", "plugin:cart"] {
        assert_eq!(part(name)["ready"], true, "{health}");
    }
    assert_eq!(part("plugin:catalog")["version"], "0.1.0");
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_host_opens_what_its_role_may() {
    let host = shop::open().await;
    let issued = async |body: Value| {
        host.anonymous()
            .post("/auth/token", &body)
            .await
            .json_of(200)
    };
    let bearer = |issued: &Value| {
        host.anonymous().header(
            "authorization",
            &format!("Bearer {}", issued["token"].as_str().unwrap()),
        )
    };

    let admin = issued(json!({ "userId": "boss", "email": "boss@example.com" })).await;
    assert_eq!(
        (
            &admin["user"]["role"],
            &admin["user"]["organization"],
            &admin["tokenType"]
        ),
        (&json!("admin"), &json!("main"), &json!("Bearer"))
    );
    let made = bearer(&admin)
        .post("/products", &shop::product(json!({ "id": "w1" })))
        .await
        .json_of(201);
    assert_eq!(made["vendorId"], "boss");

    let user = issued(json!({ "userId": "u1", "email": "u1@example.com", "role": "user" })).await;
    assert_eq!(bearer(&user).get("/products/w1").await.json_of(200), made);
    let _ = bearer(&user)
        .post("/products", &shop::product(json!({})))
        .await
        .problem(403, "forbidden");

    let artist =
        issued(json!({ "userId": "a1", "email": "a1@example.com", "role": "artist" })).await;
    assert_eq!(artist["user"]["role"], "vendor");
    assert_eq!(
        bearer(&artist)
            .post("/api/v1/products", &shop::product(json!({})))
            .await
            .json_of(201)["vendorId"],
        "a1"
    );

    let rival =
        issued(json!({ "userId": "boss", "email": "boss@example.com", "organization": "rival" }))
            .await;
    let _ = bearer(&rival)
        .header("x-tenant", "main")
        .get("/products/w1")
        .await
        .problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_no_possible_token_gets_none() {
    let host = shop::open().await;
    let token = async |body: &str| {
        host.anonymous()
            .send(Method::POST, "/auth/token", body.to_owned())
            .await
    };
    for (body, field) in [
        (r#"{"userId":"","email":"a@b.example"}"#, "userId"),
        (r#"{"userId":"a\u0000","email":"a@b.example"}"#, "userId"),
        (r#"{"userId":"u","email":"nobody"}"#, "email"),
        (
            r#"{"userId":"u","email":"a@b.example","organization":"../main"}"#,
            "organization",
        ),
    ] {
        shop::assert_refused(token(body).await, Some(field), body);
    }
    for (body, named) in [
        ("{", ""),
        ("", ""),
        (r#"{"email":"a@b.example"}"#, "userId"),
        (r#"{"userId":7,"email":"a@b.example"}"#, ""),
        (
            r#"{"userId":"u","email":"a@b.example","role":"root"}"#,
            "root",
        ),
        (
            r#"{"userId":"u","email":"a@b.example","scope":"all"}"#,
            "scope",
        ),
    ] {
        let answer = token(body).await;
        assert_eq!(
            answer
                .text("content-type")
                .map(|kind| kind.contains("json")),
            Some(true),
            "{body}"
        );
        assert!(
            [400, 415].contains(&answer.status.as_u16()),
            "{body}: {}",
            answer.json()
        );
        assert!(
            answer.json()["detail"].as_str().unwrap().contains(named),
            "{body}: {}",
            answer.json()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_is_refused_everywhere() {
    let host = shop::open().await;
    let elsewhere = shop::open().await;
    let (good, _) = issue(&host);
    let (foreign, _) = issue(&elsewhere);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let unsigned = format!("{head}.");
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let paths = ["/products", "/api/marketplace/products", "/api/cart"];
    for token in [foreign.as_str(), &unsigned, &forged, "", "x.y.z"] {
        for path in paths {
            let answer = host
                .anonymous()
                .header("authorization", &format!("Bearer {token}"))
                .get(path)
                .await;
            let _ = answer.problem(401, "invalid-token");
        }
    }
    let signed_in = host
        .anonymous()
        .header("authorization", &format!("Bearer {good}"));
    let _ = signed_in.get("/products").await.expect(200);
    let (expiring, lives_s) = issue(&host);
    host.clock.advance(u64::from(lives_s) * 1_000 + 120_000);
    for path in paths {
        let _ = host
            .anonymous()
            .header("authorization", &format!("Bearer {expiring}"))
            .get(path)
            .await
            .problem(401, "invalid-token");
    }
}

fn issue(host: &TestHost) -> (String, u32) {
    use stoa_kernel::identity::{Account, Tokens as _};
    let tenant = stoa_kernel::id::TenantId::parse("main").unwrap();
    let account = Account {
        id: "u1".into(),
        email: None,
        role: Role::User,
        tenant: Some(tenant),
    };
    host.tokens.issue(&account).unwrap()
}
