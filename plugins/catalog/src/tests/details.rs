//! One product.

use super::*;

fn cache_word(shop: &Shop, who: Who) -> String {
    let answer = shop.about(who, "get_product", "w", &Value::Null).unwrap();
    answer
        .headers
        .into_iter()
        .find(|(name, _)| name == "x-cache")
        .unwrap()
        .1
}

#[test]
fn a_product_shows_what_was_written() {
    let shop = Shop::new();
    let whole = json!({
        "id": "w", "vendorId": "v", "name": "Watch", "description": "Two\nlines", "type": "agent", "brand": "Kaito",
        "category": "dive", "tags": ["blue"], "price": 12.5, "originalPrice": 15, "currency": "USD",
        "images": ["/a.png"], "thumbnail": "/t.png",
        "files": {"thumbnail": "/t.png", "screenshots": ["/s.png"], "downloadUrl": "/f.zip", "size": 5},
        "metadata": {"version": "1", "requirements": ["a"], "compatibility": ["b"]},
        "stock": 3, "sku": "KAI-1", "isFeatured": true, "isPopular": false, "status": "active",
    });
    let mut expected = whole.clone();
    for (name, value) in [
        ("rating", json!(0.0)),
        ("reviewCount", json!(0)),
        ("downloadCount", json!(0)),
        ("viewCount", json!(0)),
        ("vendor", json!("v")),
        (
            "analytics",
            json!({"downloads": 0, "views": 0, "rating": 0.0, "reviews": 0}),
        ),
        ("createdAt", json!("2026-01-01T00:00:00.001Z")),
        ("updatedAt", json!("2026-01-01T00:00:00.001Z")),
    ] {
        expected[name] = value;
    }
    assert_eq!(shop.add(Who::Admin, whole), expected);
    assert_eq!(shop.see(Who::Admin, "w").unwrap(), expected);
    // The file itself is for those who bought it.
    expected["files"]
        .as_object_mut()
        .unwrap()
        .remove("downloadUrl");
    assert_eq!(shop.see(Who::Anybody, "w").unwrap(), expected);
    assert_eq!(shop.list(Who::Anybody, "").unwrap()["items"][0], expected);
}

#[test]
fn what_is_not_on_sale_looks_missing_but_to_its_vendor_and_admins() {
    let shop = Shop::new();
    for status in ["pending", "draft", "rejected"] {
        shop.on_sale(status, json!({"status": status, "vendorId": "v1"}));
        for who in [Who::Anybody, Who::User("u"), Who::Vendor("v2")] {
            assert_eq!(
                shop.see(who, status).unwrap_err(),
                shop.see(who, "missing").unwrap_err()
            );
        }
        assert_eq!(
            shop.see(Who::Vendor("v1"), status).unwrap()["status"],
            json!(status)
        );
        assert_eq!(
            shop.see(Who::Admin, status).unwrap()["status"],
            json!(status)
        );
    }
}

#[test]
fn what_can_be_no_id_names_nothing() {
    let shop = Shop::new();
    for id in [
        "",
        "a b",
        "../x",
        "ä",
        "product:w",
        &"x".repeat(65),
        &"x".repeat(5_000),
    ] {
        assert_eq!(
            refused(shop.see(Who::Anybody, id)),
            refusal(404, "not-found"),
            "{id}"
        );
    }
}

#[test]
fn a_copy_serves_for_a_minute() {
    let shop = Shop::new();
    let shown = shop.on_sale("w", json!({}));
    assert_eq!(cache_word(&shop, Who::Anybody), "miss");
    assert_eq!(cache_word(&shop, Who::User("u")), "hit");
    assert_eq!(shop.see(Who::Anybody, "w").unwrap(), shown);
    shop.0.advance(60_001);
    assert_eq!(cache_word(&shop, Who::Anybody), "miss");
}

#[test]
fn those_who_see_more_neither_make_nor_get_copies() {
    let shop = Shop::new();
    shop.on_sale(
        "w",
        json!({"files": {"downloadUrl": "/f.zip"}, "vendorId": "v"}),
    );
    for who in [Who::Admin, Who::Vendor("v")] {
        assert_eq!(cache_word(&shop, who), "miss");
    }
    assert_eq!(cache_word(&shop, Who::Anybody), "miss");
    assert_eq!(cache_word(&shop, Who::Vendor("v")), "miss");
    assert!(
        shop.see(Who::Anybody, "w").unwrap()["files"]
            .get("downloadUrl")
            .is_none()
    );
}

#[test]
fn every_write_drops_the_copy() {
    let shop = Shop::new();
    shop.on_sale("w", json!({"stock": 5}));
    let whole = json!({"name": "Watch", "category": "sport", "price": 10, "stock": 5});
    for (who, handler, body) in [
        (Who::Admin, "change_product", whole),
        (Who::Admin, "change_product", json!({"price": 11})),
        (Who::User("u"), "take_inventory", json!({"quantity": 1})),
        (Who::User("u"), "add_review", json!({"rating": 4})),
    ] {
        cache_word(&shop, Who::Anybody);
        assert_eq!(cache_word(&shop, Who::Anybody), "hit");
        shop.about(who, handler, "w", &body).unwrap();
        assert_eq!(cache_word(&shop, Who::Anybody), "miss", "{handler}");
    }
    shop.about(Who::Admin, "delete_product", "w", &Value::Null)
        .unwrap();
    assert_eq!(
        refused(shop.see(Who::Anybody, "w")),
        refusal(404, "not-found")
    );
}
