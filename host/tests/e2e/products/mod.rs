//! `/products`: the watch shop.

mod cache;
mod inventory;
mod rights;
mod views;

use http::Method;
use serde_json::json;

use crate::{lists, shop};

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_made_shown_changed_and_deleted() {
    let host = shop::open().await;
    let made = shop::sell(
        &host,
        json!({ "stock": 5, "tags": ["Blue", "blue"], "images": ["/a.png"] }),
    )
    .await;
    let path = format!("/products/{}", shop::id(&made));
    assert_eq!(
        (&made["status"], &made["vendorId"], &made["price"]),
        (&json!("active"), &json!("admin"), &json!(100))
    );
    assert_eq!(
        (&made["tags"], &made["thumbnail"]),
        (&json!(["blue"]), &json!("/a.png"))
    );
    assert_eq!(host.user("u1").get(&path).await.json_of(200), made);

    host.clock.advance(5_000);
    let changed = host
        .admin()
        .put(
            &path,
            &shop::product(json!({ "name": "Stoa Field", "price": 80.5 })),
        )
        .await
        .json_of(200);
    assert_eq!(
        (&changed["name"], &changed["price"], &changed["stock"]),
        (&json!("Stoa Field"), &json!(80.5), &json!(5))
    );
    assert_eq!(
        (&changed["createdAt"], &changed["updatedAt"]),
        (&made["createdAt"], &json!("2026-01-01T00:00:05.000Z"))
    );
    assert_eq!(host.user("u1").get(&path).await.json_of(200), changed);
    let again = host.admin().put(&path, &changed).await.json_of(200);
    assert_eq!(again, changed, "what was read is written back");

    let gone = host.admin().delete(&path).await.expect(204);
    assert!(gone.body.is_empty());
    let _ = host.user("u1").get(&path).await.problem(404, "not-found");
    let _ = host.admin().delete(&path).await.problem(404, "not-found");
    let mut told = shop::events(&host).await;
    told.sort();
    let id = shop::id(&made);
    assert_eq!(
        told,
        [
            "product.created",
            "product.deleted",
            "product.updated",
            "product.updated"
        ]
        .map(|name| (name.to_owned(), id.clone()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_in_the_order_of_what_happened() {
    let host = shop::open().await;
    // All within one millisecond, as on a quick host; two of them within one request.
    for number in 0..5 {
        let id = shop::id(
            &host
                .vendor("v1")
                .post("/products", &shop::product(json!({})))
                .await
                .json_of(201),
        );
        let path = format!("/products/{id}");
        let _ = host
            .admin()
            .put(&path, &shop::product(json!({ "status": "active" })))
            .await
            .expect(200);
        let _ = host.admin().delete(&path).await.expect(204);
        let told = shop::events(&host)
            .await
            .into_iter()
            .filter(|(_, key)| *key == id)
            .map(|(name, _)| name);
        let expected = [
            "product.created",
            "product.uploaded",
            "product.updated",
            "product.approved",
            "product.deleted",
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected, "product {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_filters_sorts_and_pages() {
    let host = shop::open().await;
    lists::behaves(&host, &host.user("u1"), "/products").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_product_is_refused_and_leaves_nothing() {
    let host = shop::open().await;
    shop::refuses_what_is_no_product(&host, Method::POST, "/products").await;
    let made = shop::sell(&host, json!({})).await;
    let path = format!("/products/{}", shop::id(&made));
    shop::refuses_what_is_no_product(&host, Method::PUT, &path).await;
    assert_eq!(host.admin().get(&path).await.json_of(200), made);
}
