//! `/api/vendors/products`: a vendor's own shelf.

use http::Method;
use serde_json::json;
use stoa_kernel::identity::Role;

use crate::shop;

const PRODUCTS: &str = "/api/vendors/products";

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_keeps_an_own_shelf() {
    let host = shop::open().await;
    let vendor = host.vendor("v1");
    let made = vendor
        .post(PRODUCTS, &shop::product(json!({ "status": "draft" })))
        .await
        .json_of(201);
    let path = format!("{PRODUCTS}/{}", shop::id(&made));
    assert_eq!(
        (&made["status"], &made["vendorId"]),
        (&json!("draft"), &json!("v1"))
    );
    let offered = vendor
        .put(
            &path,
            &shop::product(json!({ "status": "pending", "price": 5 })),
        )
        .await
        .json_of(200);
    assert_eq!(
        (&offered["status"], &offered["price"]),
        (&json!("pending"), &json!(5))
    );
    assert_eq!(
        vendor.get(PRODUCTS).await.json_of(200)["items"],
        json!([offered])
    );
    let _ = vendor
        .put(&path, &shop::product(json!({ "status": "active" })))
        .await
        .problem(403, "forbidden");
    let _ = vendor.delete(&path).await.expect(204);
    assert_eq!(vendor.get(PRODUCTS).await.json_of(200)["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shelf_shows_every_status_of_nobody_elses() {
    let host = shop::open().await;
    let mut own = Vec::new();
    for (number, status) in ["active", "draft", "pending", "rejected", "active"]
        .into_iter()
        .enumerate()
    {
        let files = json!({ "downloadUrl": format!("/{number}.zip") });
        let members = json!({ "vendorId": "v1", "status": status, "price": 10 * (number + 1), "files": files });
        own.push(shop::id(&shop::sell(&host, members).await));
        let _ = shop::sell(&host, json!({ "vendorId": "v2", "status": status })).await;
        host.clock.advance(1_000);
    }
    let vendor = host.vendor("v1");
    let list = vendor
        .get(&format!("{PRODUCTS}?sort=oldest"))
        .await
        .json_of(200);
    assert_eq!((shop::ids(&list), &list["total"]), (own.clone(), &json!(5)));
    assert_eq!(list["items"][2]["files"]["downloadUrl"], "/2.zip");
    assert_eq!(
        vendor
            .get(&format!("{PRODUCTS}?status=all"))
            .await
            .json_of(200)["total"],
        5
    );
    assert_eq!(
        shop::ids(
            &vendor
                .get(&format!("{PRODUCTS}?status=active&sort=oldest"))
                .await
                .json_of(200)
        ),
        [own[0].clone(), own[4].clone()]
    );
    assert_eq!(
        shop::ids(
            &vendor
                .get(&format!(
                    "{PRODUCTS}?minPrice=20&maxPrice=30&sort=price_desc"
                ))
                .await
                .json_of(200)
        ),
        [own[2].clone(), own[1].clone()]
    );
    assert_eq!(
        shop::walk(&vendor, &format!("{PRODUCTS}?sort=oldest&limit=2")).await,
        own
    );
    // Naming another vendor changes nothing about whose shelf it is.
    assert_eq!(
        vendor
            .get(&format!("{PRODUCTS}?vendorId=v2"))
            .await
            .json_of(200)["total"],
        5
    );
    assert_eq!(host.admin().get(PRODUCTS).await.json_of(200)["total"], 0);
    assert_eq!(
        host.account_in("rival", "v1", Role::Vendor)
            .get(PRODUCTS)
            .await
            .json_of(200)["total"],
        0
    );
    for (query, field) in [
        ("status=sold", "status"),
        ("limit=0", "limit"),
        ("cursor=garbage", "cursor"),
        ("sort=x", "sort"),
    ] {
        shop::assert_refused(
            vendor.get(&format!("{PRODUCTS}?{query}")).await,
            Some(field),
            query,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_product_looks_missing() {
    let host = shop::open().await;
    let made = shop::sell(&host, json!({ "vendorId": "v1" })).await;
    let (id, body) = (shop::id(&made), shop::product(json!({})).to_string());
    for outsider in [
        host.vendor("v2"),
        host.account_in("rival", "v1", Role::Vendor),
    ] {
        shop::looks_missing(
            &outsider,
            Method::PUT,
            "/api/vendors/products/{id}",
            &body,
            &id,
        )
        .await;
        shop::looks_missing(
            &outsider,
            Method::DELETE,
            "/api/vendors/products/{id}",
            "",
            &id,
        )
        .await;
    }
    assert_eq!(
        host.anonymous()
            .get(&format!("/api/products/{id}"))
            .await
            .json_of(200),
        made
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_product_is_refused_and_leaves_nothing() {
    let host = shop::open().await;
    shop::refuses_what_is_no_product(&host, Method::POST, PRODUCTS).await;
    let id = shop::id(&shop::sell(&host, json!({})).await);
    shop::refuses_what_is_no_product(&host, Method::PUT, &format!("{PRODUCTS}/{id}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_post_makes_one_product() {
    let host = shop::open().await;
    let vendor = host.vendor("v1").idempotent("first");
    let made = vendor
        .post(PRODUCTS, &shop::product(json!({})))
        .await
        .json_of(201);
    let again = vendor
        .post(PRODUCTS, &shop::product(json!({})))
        .await
        .expect(201);
    assert_eq!(
        (again.text("idempotent-replayed"), again.json()),
        (Some("true"), made)
    );
    let _ = vendor
        .post(PRODUCTS, &shop::product(json!({ "price": 1 })))
        .await
        .problem(422, "idempotency-mismatch");
    assert_eq!(shop::products_stored(&host).await, 1);
    let mut names: Vec<String> = shop::events(&host)
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort();
    assert_eq!(names, ["product.created", "product.uploaded"]);
}
