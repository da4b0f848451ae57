//! Who sees and changes which product of `/products`.

use http::Method;
use serde_json::json;
use stoa_kernel::identity::Role;

use crate::shop;

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_product_waits_for_approval() {
    let host = shop::open().await;
    let vendor = host.vendor("v1");
    let made = vendor
        .post("/products", &shop::product(json!({})))
        .await
        .json_of(201);
    let (id, path) = (shop::id(&made), format!("/products/{}", shop::id(&made)));
    assert_eq!(
        (&made["status"], &made["vendorId"]),
        (&json!("pending"), &json!("v1"))
    );
    for outsider in [host.user("u1"), host.vendor("v2")] {
        shop::looks_missing(&outsider, Method::GET, "/products/{id}", "", &id).await;
    }
    assert_eq!(vendor.get(&path).await.json_of(200), made);

    for (member, value) in [
        ("status", json!("active")),
        ("isFeatured", json!(true)),
        ("isPopular", json!(true)),
        ("vendorId", json!("v2")),
        ("id", json!("mine")),
    ] {
        let before = vendor.get(&path).await.json_of(200);
        let wish = shop::product(json!({ member: value }));
        let _ = vendor
            .post("/products", &wish)
            .await
            .problem(403, "forbidden");
        let refused = vendor.put(&path, &wish).await;
        assert!(
            [400, 403].contains(&refused.status.as_u16()),
            "{member}: {}",
            refused.json()
        );
        assert_eq!(vendor.get(&path).await.json_of(200), before, "{member}");
    }
    assert_eq!(shop::products_stored(&host).await, 1);

    let _ = host
        .admin()
        .put(&path, &shop::product(json!({ "status": "active" })))
        .await
        .expect(200);
    assert_eq!(
        host.user("u1").get(&path).await.json_of(200)["vendorId"],
        "v1"
    );
    let mut names: Vec<String> = shop::events(&host)
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "product.approved",
            "product.created",
            "product.updated",
            "product.uploaded"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_product_looks_missing_to_who_wants_to_change_it() {
    let host = shop::open().await;
    let body = shop::product(json!({})).to_string();
    for status in ["active", "pending", "draft", "rejected"] {
        let made = shop::sell(&host, json!({ "vendorId": "v1", "status": status })).await;
        let id = shop::id(&made);
        shop::looks_missing(
            &host.vendor("v2"),
            Method::PUT,
            "/products/{id}",
            &body,
            &id,
        )
        .await;
        shop::looks_missing(
            &host.vendor("v2"),
            Method::DELETE,
            "/products/{id}",
            "",
            &id,
        )
        .await;
        assert_eq!(
            host.admin()
                .get(&format!("/products/{id}"))
                .await
                .json_of(200),
            made
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_sees_and_changes_nothing() {
    let host = shop::open().await;
    let made = shop::sell(&host, json!({ "stock": 3, "id": "w1" })).await;
    let rival = host.account_in("rival", "admin", Role::Admin);
    assert_eq!(
        rival.get("/products?status=all").await.json_of(200)["total"],
        0
    );
    let body = shop::product(json!({})).to_string();
    for rival in [rival.clone(), rival.header("x-tenant", "main")] {
        shop::looks_missing(&rival, Method::GET, "/products/{id}", "", "w1").await;
        shop::looks_missing(&rival, Method::PUT, "/products/{id}", &body, "w1").await;
        shop::looks_missing(&rival, Method::DELETE, "/products/{id}", "", "w1").await;
        shop::looks_missing(
            &rival,
            Method::PATCH,
            "/products/{id}/inventory",
            r#"{"quantity":1}"#,
            "w1",
        )
        .await;
    }
    // The id is free there, and what is done with it stays there.
    let _ = rival
        .post(
            "/products",
            &shop::product(json!({ "id": "w1", "price": 7 })),
        )
        .await
        .expect(201);
    let _ = rival.delete("/products/w1").await.expect(204);
    assert_eq!(host.user("u1").get("/products/w1").await.json_of(200), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_chooses_ids_that_nobody_has() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1" })).await;
    let again = host
        .admin()
        .post("/products", &shop::product(json!({ "id": "w1" })))
        .await
        .problem(409, "id-taken");
    assert_eq!(again["field"], "id");
    for id in ["", "a b", "../x", "a/b", "ä", "a:b", &"x".repeat(65)] {
        let answer = host
            .admin()
            .post("/products", &shop::product(json!({ "id": id })))
            .await;
        shop::assert_refused(answer, Some("id"), id);
    }
    let moved = host
        .admin()
        .put("/products/w1", &shop::product(json!({ "id": "w2" })))
        .await;
    shop::assert_refused(moved, Some("id"), "a new id");
    for odd in [
        "%00",
        "%2e%2e",
        "a%2Fb",
        "w1%20",
        "%27%3B",
        "W1",
        &"x".repeat(3_000),
    ] {
        let _ = host
            .user("u1")
            .get(&format!("/products/{odd}"))
            .await
            .problem(404, "not-found");
    }
}
