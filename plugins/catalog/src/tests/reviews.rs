//! Reviews.

use super::*;

fn review(shop: &Shop, who: Who, body: &Value) -> Result<Value> {
    shop.0.advance(1);
    let answer = shop.about(who, "add_review", "w", body)?;
    assert_eq!(answer.status, 201);
    Ok(answer.json())
}

fn list(shop: &Shop, query: &str) -> Result<Value> {
    shop.by(Who::Anybody, "list_reviews")
        .param("id", "w")
        .query(query)
        .send(crate::dispatch)
        .map(|answer| answer.json())
}

#[test]
fn the_product_keeps_the_average_and_the_count() {
    let shop = Shop::new();
    shop.on_sale("w", json!({}));
    for (user, rating, average) in [("a", 5, 5.0), ("b", 4, 4.5), ("c", 4, 4.33)] {
        review(&shop, Who::User(user), &json!({"rating": rating})).unwrap();
        assert_eq!(
            shop.see(Who::Anybody, "w").unwrap()["rating"],
            json!(average)
        );
    }
    assert_eq!(
        shop.see(Who::Anybody, "w").unwrap()["reviewCount"],
        json!(3)
    );
}

#[test]
fn a_user_reviews_a_product_once() {
    let shop = Shop::new();
    shop.on_sale("w", json!({}));
    let first = review(
        &shop,
        Who::User("a"),
        &json!({"rating": 1, "title": "Bad", "comment": "Very"}),
    )
    .unwrap();
    assert_eq!(
        (&first["userId"], &first["title"]),
        (&json!("a"), &json!("Bad"))
    );
    assert_eq!(
        refused(review(&shop, Who::User("a"), &json!({"rating": 5}))),
        refusal(409, "already-reviewed")
    );
    let product = shop.see(Who::Anybody, "w").unwrap();
    assert_eq!(
        (&product["rating"], &product["reviewCount"]),
        (&json!(1.0), &json!(1))
    );
}

#[test]
fn reviews_are_listed_in_pages() {
    let shop = Shop::new();
    shop.on_sale("w", json!({}));
    shop.on_sale("other", json!({}));
    shop.about(Who::User("a"), "add_review", "other", &json!({"rating": 1}))
        .unwrap();
    for (user, rating) in [("a", 3), ("b", 5), ("c", 4)] {
        review(&shop, Who::User(user), &json!({"rating": rating})).unwrap();
    }
    let users = |query: &str| {
        let list = list(&shop, query).unwrap();
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["userId"].as_str().unwrap().to_string())
            .collect::<String>()
    };
    for (query, expected) in [
        ("", "cba"),
        ("sort=oldest", "abc"),
        ("sort=highest", "bca"),
        ("sort=lowest&limit=1", "a"),
        ("offset=1", "ba"),
    ] {
        assert_eq!(users(query), expected, "{query}");
    }
    let page = list(&shop, "limit=2").unwrap();
    assert_eq!(
        (
            &page["total"],
            &page["limit"],
            page["nextCursor"].is_string()
        ),
        (&json!(3), &json!(2), true)
    );
}

#[test]
fn a_review_that_makes_no_sense_is_refused() {
    let shop = Shop::new();
    shop.on_sale("w", json!({"vendorId": "v1"}));
    for (body, field) in [
        (json!({"rating": 0}), "rating"),
        (json!({"rating": 6}), "rating"),
        (json!({"rating": 4.5}), "rating"),
        (json!({"rating": 300}), "rating"),
        (json!({}), "rating"),
        (json!({"rating": 5, "title": "x".repeat(201)}), "title"),
        (
            json!({"rating": 5, "comment": "x".repeat(5_001)}),
            "comment",
        ),
        (json!({"rating": 5, "userId": "b"}), "userId"),
    ] {
        assert_eq!(
            refused(review(&shop, Who::User("a"), &body)),
            refusal(400, field),
            "{body}"
        );
    }
    assert_eq!(
        refused(review(&shop, Who::Vendor("v1"), &json!({"rating": 5}))),
        refusal(403, "forbidden")
    );
    assert_eq!(list(&shop, "").unwrap()["total"], json!(0));
}

#[test]
fn hidden_products_have_no_reviews() {
    let shop = Shop::new();
    shop.on_sale("w", json!({"status": "draft"}));
    assert_eq!(
        refused(review(&shop, Who::User("a"), &json!({"rating": 5}))),
        refusal(404, "not-found")
    );
    assert_eq!(refused(list(&shop, "")), refusal(404, "not-found"));
}
