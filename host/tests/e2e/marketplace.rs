//! `/api/marketplace`: products for everybody, categories and reviews.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;

use crate::{lists, shop};

const PRODUCTS: &str = "/api/marketplace/products";

#[tokio::test(flavor = "multi_thread")]
async fn the_list_filters_sorts_and_pages() {
    let host = shop::open().await;
    lists::behaves(&host, &host.anonymous(), PRODUCTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_product_is_made_approved_changed_and_deleted() {
    let host = shop::open().await;
    let vendor = host.vendor("v1");
    let agent = json!({
        "type": "agent", "originalPrice": 120, "currency": "EUR",
        "files": { "downloadUrl": "/f.zip", "screenshots": ["/s.png"], "thumbnail": "/t.png", "size": 7 },
        "metadata": { "version": "1.0", "requirements": ["a"], "compatibility": ["b"] },
    });
    let made = vendor
        .post(PRODUCTS, &shop::product(agent))
        .await
        .json_of(201);
    let path = format!("{PRODUCTS}/{}", shop::id(&made));
    assert_eq!(
        (&made["status"], &made["thumbnail"], &made["currency"]),
        (&json!("pending"), &json!("/t.png"), &json!("EUR"))
    );
    let _ = host.anonymous().get(&path).await.problem(404, "not-found");
    let _ = host
        .admin()
        .put(
            &path,
            &shop::product(json!({ "status": "active", "vendorId": "v1" })),
        )
        .await
        .expect(200);
    assert_eq!(
        host.anonymous().get(&path).await.json_of(200)["status"],
        "active"
    );
    // What is on sale stays on sale when its vendor changes it.
    let changed = vendor
        .put(&path, &shop::product(json!({ "price": 9.99 })))
        .await
        .json_of(200);
    assert_eq!(
        (&changed["status"], &changed["price"], &changed["currency"]),
        (&json!("active"), &json!(9.99), &json!("EUR"))
    );
    assert_eq!(vendor.get(&path).await.json_of(200), changed);
    let shown = host.anonymous().get(&path).await.json_of(200);
    assert_eq!(shown["price"], changed["price"]);
    let _ = vendor.delete(&path).await.expect(204);
    let _ = host.anonymous().get(&path).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_product_is_refused_and_leaves_nothing() {
    let host = shop::open().await;
    shop::refuses_what_is_no_product(&host, Method::POST, PRODUCTS).await;
    let id = shop::id(&shop::sell(&host, json!({})).await);
    shop::refuses_what_is_no_product(&host, Method::PUT, &format!("{PRODUCTS}/{id}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_product_looks_missing() {
    let host = shop::open().await;
    let id = shop::id(&shop::sell(&host, json!({ "vendorId": "v1", "status": "draft" })).await);
    let body = shop::product(json!({})).to_string();
    let each = "/api/marketplace/products/{id}";
    let reviews = "/api/marketplace/products/{id}/reviews";
    for outsider in [
        host.anonymous(),
        host.user("u1"),
        host.vendor("v2"),
        host.account_in("rival", "v1", Role::Vendor),
    ] {
        shop::looks_missing(&outsider, Method::GET, each, "", &id).await;
        shop::looks_missing(&outsider, Method::GET, reviews, "", &id).await;
    }
    for outsider in [
        host.vendor("v2"),
        host.account_in("rival", "v1", Role::Vendor),
        host.account_in("rival", "admin", Role::Admin),
    ] {
        shop::looks_missing(&outsider, Method::PUT, each, &body, &id).await;
        shop::looks_missing(&outsider, Method::DELETE, each, "", &id).await;
        shop::looks_missing(&outsider, Method::POST, reviews, r#"{"rating":5}"#, &id).await;
    }
    assert_eq!(
        host.vendor("v1")
            .get(&each.replace("{id}", &id))
            .await
            .json_of(200)["reviewCount"],
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_count_what_is_on_sale() {
    let host = shop::open().await;
    let path = "/api/marketplace/categories";
    assert_eq!(
        host.anonymous().get(path).await.json_of(200),
        json!({ "items": [], "total": 0, "limit": 20, "offset": 0 })
    );
    for (category, status) in [
        ("Sales & Marketing", "active"),
        ("dive", "active"),
        ("dive", "active"),
        ("gmt", "draft"),
        ("dive", "pending"),
    ] {
        let _ = shop::sell(&host, json!({ "category": category, "status": status })).await;
    }
    let expected = json!([
        { "slug": "dive", "name": "dive", "productCount": 2 },
        { "slug": "sales-marketing", "name": "Sales & Marketing", "productCount": 1 },
    ]);
    let list = host.anonymous().get(path).await.json_of(200);
    assert_eq!((&list["items"], &list["total"]), (&expected, &json!(2)));
    let second = host
        .anonymous()
        .get(&format!("{path}?limit=1&offset=1"))
        .await
        .json_of(200);
    assert_eq!(
        (&second["items"][0], &second["total"]),
        (&expected[1], &json!(2))
    );
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("offset=-1", "offset"),
        ("offset=10001", "offset"),
    ] {
        shop::assert_refused(
            host.anonymous().get(&format!("{path}?{query}")).await,
            Some(field),
            query,
        );
    }
    let rival = host.account_in("rival", "u1", Role::User);
    assert_eq!(rival.get(path).await.json_of(200)["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_counts_once_per_user() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1", "vendorId": "v1" })).await;
    let path = "/api/marketplace/products/w1/reviews";
    let review = json!({ "rating": 5, "title": " Fine ", "comment": "Ticks.\nTocks." });
    let made = host.user("u1").post(path, &review).await.json_of(201);
    assert_eq!(
        (&made["userId"], &made["title"], &made["rating"]),
        (&json!("u1"), &json!("Fine"), &json!(5))
    );
    for again in [&review, &json!({ "rating": 1 })] {
        let _ = host
            .user("u1")
            .post(path, again)
            .await
            .problem(409, "already-reviewed");
    }
    let _ = host
        .user("u2")
        .post(path, &json!({ "rating": 4 }))
        .await
        .expect(201);
    let _ = host
        .vendor("v2")
        .post(path, &json!({ "rating": 4 }))
        .await
        .expect(201);
    let _ = host
        .vendor("v1")
        .post(path, &json!({ "rating": 5 }))
        .await
        .problem(403, "forbidden");
    let _ = host
        .anonymous()
        .post(path, &json!({ "rating": 5 }))
        .await
        .problem(401, "unauthenticated");
    let shown = host
        .anonymous()
        .get("/api/marketplace/products/w1")
        .await
        .json_of(200);
    assert_eq!(
        (&shown["rating"], &shown["reviewCount"]),
        (&json!(4.33), &json!(3))
    );
    assert_eq!(
        host.anonymous().get(path).await.json_of(200)["items"][2],
        made
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_review_is_refused_and_counts_nothing() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1" })).await;
    let path = "/api/marketplace/products/w1/reviews";
    let user = host.user("u1");
    for (body, field) in [
        (r#"{"rating":0}"#, Some("rating")),
        (r#"{"rating":6}"#, Some("rating")),
        (r#"{"rating":-1}"#, Some("rating")),
        (r#"{"rating":4.5}"#, Some("rating")),
        (r#"{"rating":"5"}"#, Some("rating")),
        (r#"{"rating":261}"#, Some("rating")),
        (r#"{}"#, Some("rating")),
        (r#"{"rating":5,"title":["a"]}"#, Some("title")),
        (r#"{"rating":5,"comment":7}"#, Some("comment")),
        (r#"{"rating":5,"comment":"a\u0000"}"#, Some("comment")),
        (r#"{"rating":5,"userId":"u2"}"#, Some("userId")),
        (r#"{"rating":5"#, None),
        ("", None),
    ] {
        shop::assert_refused(user.send(Method::POST, path, body).await, field, body);
    }
    for (member, chars) in [("title", 201), ("comment", 5_001)] {
        let body = json!({ "rating": 5, member: "x".repeat(chars) });
        shop::assert_refused(user.post(path, &body).await, Some(member), member);
    }
    let _ = user
        .post(
            path,
            &json!({ "rating": 5, "comment": "x".repeat(3 << 20) }),
        )
        .await
        .problem(413, "body-too-large");
    assert_eq!(host.anonymous().get(path).await.json_of(200)["total"], 0);
    assert_eq!(
        host.anonymous()
            .get("/api/marketplace/products/w1")
            .await
            .json_of(200)["reviewCount"],
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_sort_and_page() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1" })).await;
    let _ = shop::sell(&host, json!({ "id": "w2" })).await;
    let path = "/api/marketplace/products/w1/reviews";
    for number in 0..9 {
        let _ = host
            .user(&format!("u{number}"))
            .post(path, &json!({ "rating": number % 5 + 1 }))
            .await
            .expect(201);
        host.clock.advance(if number % 3 == 0 { 0 } else { 1_000 });
    }
    let _ = host
        .user("u1")
        .post(
            "/api/marketplace/products/w2/reviews",
            &json!({ "rating": 1 }),
        )
        .await
        .expect(201);
    let key = |review: &Value, order: &str| match order {
        "newest" | "oldest" => review["createdAt"].to_string(),
        _ => review["rating"].to_string(),
    };
    for (order, descending) in [
        ("newest", true),
        ("oldest", false),
        ("highest", true),
        ("lowest", false),
    ] {
        let whole = host
            .anonymous()
            .get(&format!("{path}?sort={order}"))
            .await
            .json_of(200);
        assert_eq!(
            (&whole["total"], &whole["nextCursor"]),
            (&json!(9), &Value::Null)
        );
        let keys: Vec<String> = whole["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|review| key(review, order))
            .collect();
        let in_order = keys.windows(2).all(|pair| {
            if descending {
                pair[0] >= pair[1]
            } else {
                pair[0] <= pair[1]
            }
        });
        assert!(in_order && keys.len() == 9, "{order}: {keys:?}");
        for limit in [1, 4, 9] {
            let walked = shop::walk(
                &host.anonymous(),
                &format!("{path}?sort={order}&limit={limit}"),
            )
            .await;
            assert_eq!(walked, shop::ids(&whole), "{order} by {limit}");
        }
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("sort=best", "sort"),
        ("cursor=garbage", "cursor"),
        ("offset=10001", "offset"),
    ] {
        shop::assert_refused(
            host.anonymous().get(&format!("{path}?{query}")).await,
            Some(field),
            query,
        );
    }
    let page = host
        .anonymous()
        .get(&format!("{path}?limit=1"))
        .await
        .json_of(200);
    let foreign = format!(
        "/api/marketplace/products/w2/reviews?limit=1&cursor={}",
        page["nextCursor"].as_str().unwrap()
    );
    shop::assert_refused(
        host.anonymous().get(&foreign).await,
        Some("cursor"),
        "another product's cursor",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_reviews_keep_the_rating() {
    let host = shop::open().await;
    let _ = shop::sell(&host, json!({ "id": "w1" })).await;
    // Thirty users, each of whom asks twice.
    let reviews: Vec<_> = (0..60)
        .map(|number| {
            let host = Arc::clone(&host);
            tokio::spawn(async move {
                let user = number / 2;
                let answer = host
                    .user(&format!("u{user}"))
                    .post(
                        "/api/marketplace/products/w1/reviews",
                        &json!({ "rating": user % 5 + 1 }),
                    )
                    .await;
                answer.status.as_u16()
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for review in reviews {
        statuses.push(review.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201; 30], vec![409; 30]].concat());
    let shown = host
        .anonymous()
        .get("/api/marketplace/products/w1")
        .await
        .json_of(200);
    assert_eq!(
        (&shown["rating"], &shown["reviewCount"]),
        (&json!(3.0), &json!(30))
    );
}
