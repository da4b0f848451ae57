//! `/api/v1/products`: the artists' shop.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;

use crate::{lists, shop};

const PRODUCTS: &str = "/api/v1/products";

#[tokio::test(flavor = "multi_thread")]
async fn the_list_filters_sorts_and_pages() {
    let host = shop::open().await;
    lists::behaves(&host, &host.anonymous(), PRODUCTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artists_work_is_made_shown_and_deleted() {
    let host = shop::open().await;
    let artist = host.vendor("a1");
    let made = artist
        .post(
            PRODUCTS,
            &shop::product(json!({ "images": ["https://img.example/1.webp"] })),
        )
        .await
        .json_of(201);
    let path = format!("{PRODUCTS}/{}", shop::id(&made));
    assert_eq!(
        artist
            .get("/api/v1/products/me/products")
            .await
            .json_of(200)["items"],
        json!([made])
    );
    assert_eq!(
        host.anonymous().get(PRODUCTS).await.json_of(200)["total"],
        0
    );
    let _ = host
        .admin()
        .patch(&path, &json!({ "status": "active" }))
        .await
        .expect(200);
    assert_eq!(
        host.anonymous().get(&path).await.json_of(200)["vendorId"],
        "a1"
    );
    assert_eq!(
        host.anonymous().get(PRODUCTS).await.json_of(200)["total"],
        1
    );
    let _ = artist.delete(&path).await.expect(204);
    assert_eq!(
        host.anonymous().get(PRODUCTS).await.json_of(200)["total"],
        0
    );
    let _ = host.anonymous().get(&path).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_changes_the_members_that_it_names() {
    let host = shop::open().await;
    let whole = json!({
        "id": "w1", "vendorId": "a1", "brand": "Kaito", "stock": 4, "tags": ["blue"],
        "files": { "downloadUrl": "/f.zip", "size": 7 }, "isFeatured": true,
    });
    let made = shop::sell(&host, whole).await;
    let artist = host.vendor("a1");
    let path = "/api/v1/products/w1";
    host.clock.advance(1_000);
    for (patch, member, value) in [
        (json!({ "price": 12.5 }), "price", json!(12.5)),
        (json!({ "brand": null }), "brand", Value::Null),
        (json!({ "tags": ["red", "Red"] }), "tags", json!(["red"])),
        (
            json!({ "files": { "size": 8 } }),
            "files",
            json!({ "downloadUrl": "/f.zip", "screenshots": [], "size": 8 }),
        ),
        (json!({ "files": null }), "files", Value::Null),
        (json!({ "stock": null }), "stock", Value::Null),
        (json!({ "currency": "EUR" }), "currency", json!("EUR")),
        (json!({ "status": "draft" }), "status", json!("draft")),
    ] {
        let before = artist.get(path).await.json_of(200);
        let mut after = artist.patch(path, &patch).await.json_of(200);
        assert_eq!(after[member], value, "{patch}");
        assert_eq!(artist.get(path).await.json_of(200), after, "{patch}");
        // Everything else is as it was.
        let mut before = before;
        for product in [&mut before, &mut after] {
            product
                .as_object_mut()
                .unwrap()
                .retain(|name, _| name != member && name != "updatedAt");
        }
        assert_eq!(after, before, "{patch}");
    }
    assert_eq!(
        artist.get(path).await.json_of(200)["createdAt"],
        made["createdAt"]
    );
    let merge = artist.header("content-type", "application/merge-patch+json");
    assert_eq!(
        merge
            .patch(path, &json!({ "name": "New" }))
            .await
            .json_of(200)["name"],
        "New"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_patch_is_refused_and_changes_nothing() {
    let host = shop::open().await;
    let made = shop::sell(&host, json!({ "id": "w1", "vendorId": "a1", "stock": 4 })).await;
    let artist = host.vendor("a1");
    for (body, field) in [
        ("", None),
        ("{", None),
        ("[]", None),
        ("7", None),
        (r#"{"price":-1}"#, Some("price")),
        (r#"{"price":"1"}"#, Some("price")),
        (r#"{"price":null}"#, Some("price")),
        (r#"{"name":null}"#, Some("name")),
        (r#"{"name":""}"#, Some("name")),
        (r#"{"stock":-1}"#, Some("stock")),
        (r#"{"tags":[1]}"#, Some("tags.0")),
        (r#"{"files":7}"#, Some("files")),
        (r#"{"files":{"size":-1}}"#, Some("files.size")),
        (r#"{"id":"w2"}"#, Some("id")),
        (r#"{"admin":true}"#, Some("admin")),
        (r#"{"rating":5}"#, Some("rating")),
        (r#"{"createdAt":0}"#, Some("createdAt")),
    ] {
        shop::assert_refused(
            artist
                .send(Method::PATCH, "/api/v1/products/w1", body)
                .await,
            field,
            body,
        );
    }
    for body in [
        json!({ "status": "rejected" }),
        json!({ "isFeatured": true }),
        json!({ "vendorId": "a2" }),
    ] {
        let _ = artist
            .patch("/api/v1/products/w1", &body)
            .await
            .problem(403, "forbidden");
    }
    let _ = artist
        .patch(
            "/api/v1/products/w1",
            &json!({ "name": "x".repeat(3 << 20) }),
        )
        .await
        .problem(413, "body-too-large");
    assert_eq!(artist.get("/api/v1/products/w1").await.json_of(200), made);
    shop::refuses_what_is_no_product(&host, Method::POST, PRODUCTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_work_looks_missing() {
    let host = shop::open().await;
    for status in ["active", "draft"] {
        let made = shop::sell(&host, json!({ "vendorId": "a1", "status": status })).await;
        let id = shop::id(&made);
        for outsider in [
            host.vendor("a2"),
            host.account_in("rival", "a1", Role::Vendor),
            host.account_in("rival", "admin", Role::Admin),
        ] {
            shop::looks_missing(
                &outsider,
                Method::PATCH,
                "/api/v1/products/{id}",
                r#"{"price":1}"#,
                &id,
            )
            .await;
            shop::looks_missing(&outsider, Method::DELETE, "/api/v1/products/{id}", "", &id).await;
        }
        assert_eq!(
            host.admin()
                .get(&format!("{PRODUCTS}/{id}"))
                .await
                .json_of(200),
            made
        );
    }
    let own = host
        .vendor("a2")
        .get("/api/v1/products/me/products")
        .await
        .json_of(200);
    assert_eq!(own["total"], 0);
    assert_eq!(
        host.vendor("a1")
            .get("/api/v1/products/me/products?sort=oldest&limit=1")
            .await
            .json_of(200)["total"],
        2
    );
    let mistaken = host
        .vendor("a1")
        .get("/api/v1/products/me/products?cursor=garbage")
        .await;
    shop::assert_refused(mistaken, Some("cursor"), "a cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_patches_of_different_members_are_all_kept() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1", "vendorId": "a1" })).await;
    let patches = [
        json!({ "name": "New" }),
        json!({ "price": 7 }),
        json!({ "stock": 3 }),
        json!({ "brand": "Kaito" }),
        json!({ "sku": "K-1" }),
        json!({ "tags": ["a"] }),
    ];
    let running: Vec<_> = patches
        .iter()
        .map(|patch| {
            let (artist, patch) = (host.vendor("a1"), patch.clone());
            tokio::spawn(async move {
                artist
                    .patch("/api/v1/products/w1", &patch)
                    .await
                    .status
                    .as_u16()
            })
        })
        .collect();
    for patch in running {
        assert_eq!(patch.await.unwrap(), 200);
    }
    let whole = host
        .vendor("a1")
        .get("/api/v1/products/w1")
        .await
        .json_of(200);
    for patch in patches {
        for (member, value) in patch.as_object().unwrap() {
            assert_eq!(&whole[member], value, "{member} was lost");
        }
    }
}
