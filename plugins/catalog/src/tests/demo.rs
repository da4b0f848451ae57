//! The demo data passes the catalogue's own checks.

use super::*;

/// The files in the order in which a host loads them.
const FILES: [&str; 3] = [
    include_str!("../../../../config/demo/10-watches.json"),
    include_str!("../../../../config/demo/20-marketplace.json"),
    include_str!("../../../../config/demo/30-reviews.json"),
];

/// The handler behind a demo request's path, and the product that the path names.
fn route(path: &str) -> (&str, &str) {
    match path
        .strip_prefix("/api/marketplace/products/")
        .and_then(|rest| rest.strip_suffix("/reviews"))
    {
        Some(id) => ("add_review", id),
        None => ("create_product", ""),
    }
}

fn load(shop: &Shop, request: &Value) -> Result<Response> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let (who, path) = (&request["as"], text(&request["path"]));
    let (handler, id) = route(&path);
    shop.0.advance(1);
    let sent = shop
        .0
        .request(handler)
        .account(&text(&who["userId"]), &text(&who["role"]));
    sent.param("id", id)
        .json(&request["body"])
        .send(crate::dispatch)
}

#[test]
fn demo_data_loads_once_and_shows_every_kind_of_product() {
    let shop = Shop::new();
    let requests: Vec<Value> = FILES
        .iter()
        .flat_map(|file| serde_json::from_str::<Vec<Value>>(file).unwrap())
        .collect();
    for request in &requests {
        assert_eq!(load(&shop, request).unwrap().status, 201, "{request}");
    }
    for request in &requests {
        assert_eq!(
            load(&shop, request).unwrap_err().status,
            409,
            "loading again changes nothing: {request}"
        );
    }
    let total = |query: &str| {
        shop.list(Who::Admin, query).unwrap()["total"]
            .as_u64()
            .unwrap()
    };
    assert!(total("vendor=demo-watch-house") >= 40);
    for kind in ["agent", "workflow", "tool"] {
        assert!(total(&format!("type={kind}")) >= 10);
    }
    assert_eq!((total("status=pending"), total("status=draft")), (1, 1));
    assert!(
        total("featured=true") > 0
            && total("popular=true") > 0
            && total("brand=Kaito&category=dive") > 0
    );
    assert_eq!(
        shop.see(Who::User("u"), "prod_001").unwrap()["id"],
        json!("prod_001")
    );
}
