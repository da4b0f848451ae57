//! `/api/catalog` and `/api/products`: the gateway's two other paths to the catalogue.

use http::Method;
use serde_json::json;
use stoa_kernel::identity::Role;

use crate::{lists, shop};

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogues_list_filters_sorts_and_pages() {
    let host = shop::open().await;
    lists::behaves(&host, &host.anonymous(), "/api/catalog/products").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_list_filters_sorts_and_pages() {
    let host = shop::open().await;
    lists::behaves(&host, &host.anonymous(), "/api/products").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_the_same_on_every_path() {
    let host = shop::open().await;
    let made = host
        .admin()
        .post("/api/catalog/products", &shop::product(json!({})))
        .await
        .json_of(201);
    let id = shop::id(&made);
    for path in [
        "/api/catalog/products",
        "/api/products",
        "/api/marketplace/products",
        "/api/v1/products",
    ] {
        assert_eq!(
            host.anonymous()
                .get(&format!("{path}/{id}"))
                .await
                .json_of(200),
            made,
            "{path}"
        );
        assert_eq!(
            host.anonymous().get(path).await.json_of(200)["items"],
            json!([made]),
            "{path}"
        );
    }
    assert_eq!(
        host.user("u1")
            .get(&format!("/products/{id}"))
            .await
            .json_of(200),
        made
    );
    let categories = ["/api/catalog/categories", "/api/marketplace/categories"];
    for path in categories {
        assert_eq!(
            host.anonymous().get(path).await.json_of(200)["items"],
            json!([{ "slug": "dive", "name": "dive", "productCount": 1 }])
        );
        shop::assert_refused(
            host.anonymous().get(&format!("{path}?limit=0")).await,
            Some("limit"),
            path,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_at_the_end_of_a_path_does_not_matter() {
    let host = shop::open().await;
    let made = host
        .admin()
        .post("/api/v1/products/", &shop::product(json!({})))
        .await
        .json_of(201);
    let path = format!("/api/v1/products/{}", shop::id(&made));
    for path in [format!("{path}/"), path.clone()] {
        assert_eq!(host.anonymous().get(&path).await.json_of(200), made);
    }
    let list = host.anonymous().get("/api/v1/products/").await;
    assert_eq!(list.json_of(200)["items"], json!([made]));
    for nothing in ["/api/v1/products//", "//api/v1/products", "/api/v1/"] {
        let _ = host
            .anonymous()
            .get(nothing)
            .await
            .problem(404, "not-found");
    }
    // Nor does it make another request of one that is sent again.
    let again = host.admin().header("idempotency-key", "k1");
    let body = shop::product(json!({}));
    let first = again.post("/api/v1/products", &body).await.json_of(201);
    let second = again.post("/api/v1/products/", &body).await;
    assert_eq!(second.text("idempotent-replayed"), Some("true"));
    assert_eq!(second.json_of(201), first);
    let _ = host.admin().delete(&format!("{path}/")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_product_waits_for_approval() {
    let host = shop::open().await;
    let made = host
        .vendor("v1")
        .post("/api/catalog/products", &shop::product(json!({})))
        .await
        .json_of(201);
    assert_eq!(made["status"], "pending");
    for path in ["/api/catalog/products/{id}", "/api/products/{id}"] {
        for outsider in [
            host.anonymous(),
            host.user("u1"),
            host.vendor("v2"),
            host.account_in("rival", "v1", Role::Vendor),
        ] {
            shop::looks_missing(&outsider, Method::GET, path, "", &shop::id(&made)).await;
        }
        assert_eq!(
            host.vendor("v1")
                .get(&path.replace("{id}", &shop::id(&made)))
                .await
                .json_of(200),
            made
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_product_is_refused_and_leaves_nothing() {
    let host = shop::open().await;
    shop::refuses_what_is_no_product(&host, Method::POST, "/api/catalog/products").await;
}
