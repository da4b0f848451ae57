//! The demo data loads without a refusal, through the same routes as every client's requests.

use std::path::Path;

use http::Method;
use serde::Deserialize;
use serde_json::Value;
use stoa_kernel::identity::Role;
use stoa_testkit::{Answer, TestHost};

use crate::shop;

#[derive(Deserialize)]
struct Step {
    #[serde(rename = "as")]
    who: Who,
    method: String,
    path: String,
    body: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Who {
    user_id: String,
    role: Role,
}

/// Every request of every file, in order.
fn steps() -> Vec<Step> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/demo");
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    let read =
        |file| serde_json::from_str::<Vec<Step>>(&std::fs::read_to_string(file).unwrap()).unwrap();
    files.into_iter().flat_map(read).collect()
}

/// A host with all that the demo data is about.
async fn open() -> TestHost {
    let plugins = [
        "catalog",
        "cart",
        "orders",
        "vendors",
        "downloads",
        "analytics",
        "profiles",
        "admin",
        "content",
    ];
    let builder = plugins
        .into_iter()
        .fold(TestHost::builder(), |builder, name| builder.plugin(name));
    builder.start().await
}

/// As a host sends it that loads its demo data.
async fn send(host: &TestHost, position: usize, step: &Step) -> Answer {
    let method: Method = step.method.parse().unwrap();
    let body = step.body.as_ref().map(Value::to_string).unwrap_or_default();
    host.account(&step.who.user_id, step.who.role)
        .idempotent(&format!("demo-{position}"))
        .send(method, &step.path, body)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_demo_request_succeeds_once_and_changes_nothing_again() {
    let host = open().await;
    let steps = steps();
    for (position, step) in steps.iter().enumerate() {
        let answer = send(&host, position, step).await;
        assert!(
            answer.status.is_success(),
            "{} {}: {}",
            step.method,
            step.path,
            answer.json()
        );
    }
    let before = (
        shop::products_stored(&host).await,
        shop::events(&host).await,
    );
    for (position, step) in steps.iter().enumerate() {
        let answer = send(&host, position, step).await;
        assert!(
            answer.status.is_success() || answer.status == 409,
            "{} {}: {}",
            step.method,
            step.path,
            answer.json()
        );
    }
    assert_eq!(
        (
            shop::products_stored(&host).await,
            shop::events(&host).await
        ),
        before
    );

    let watches = host
        .anonymous()
        .get("/api/products?vendor=demo-watch-house")
        .await
        .json_of(200);
    assert_eq!(watches["total"], 48);
    let best = host
        .anonymous()
        .get("/api/marketplace/products?sort=rating&limit=1")
        .await
        .json_of(200);
    assert!(
        best["items"][0]["reviewCount"].as_u64().unwrap() > 0,
        "{best}"
    );
    let categories = host
        .anonymous()
        .get("/api/marketplace/categories?limit=200")
        .await
        .json_of(200);
    assert!(categories["total"].as_u64().unwrap() >= 15, "{categories}");
    let dashboard = host.admin().get("/api/admin/dashboard").await.json_of(200);
    assert_eq!(dashboard["totalOrders"], 8, "{dashboard}");
    for (shelf, least) in [("blog", 3), ("help", 3), ("tutorials", 2), ("jobs", 2)] {
        let path = format!("/api/content/{shelf}");
        let list = host.anonymous().get(&path).await.json_of(200);
        assert!(list["total"].as_u64().unwrap() >= least, "{shelf}: {list}");
    }
    assert_eq!(
        host.user("u1").get("/products/prod_001").await.json_of(200)["id"],
        "prod_001"
    );
}
