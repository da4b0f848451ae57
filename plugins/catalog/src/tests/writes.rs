//! Adding, changing and deleting products.

use super::*;

#[test]
fn vendors_offer_and_administrators_publish() {
    let shop = Shop::new();
    let offered = shop.add(Who::Vendor("v1"), json!({}));
    assert_eq!(
        (&offered["status"], &offered["vendorId"]),
        (&json!("pending"), &json!("v1"))
    );
    assert_eq!(shop.event_names(), ["product.created", "product.uploaded"]);
    let published = shop.about(
        Who::Admin,
        "change_product",
        offered["id"].as_str().unwrap(),
        &json!({"status": "active"}),
    );
    assert_eq!(published.unwrap().json()["vendorId"], json!("v1"));
    assert_eq!(
        shop.event_names()[2..],
        ["product.updated", "product.approved"]
    );
    let approved = shop.0.events().pop().unwrap();
    assert_eq!(approved.key, offered["id"].as_str().unwrap());
    assert_eq!(
        (
            &approved.payload["productId"],
            &approved.payload["vendorId"]
        ),
        (&offered["id"], &json!("v1"))
    );
}

#[test]
fn an_administrators_product_is_on_sale_at_once() {
    let shop = Shop::new();
    assert_eq!(shop.add(Who::Admin, json!({}))["status"], json!("active"));
    assert_eq!(shop.event_names(), ["product.created"]);
}

#[test]
fn what_only_administrators_may_say_is_refused_from_vendors() {
    let shop = Shop::new();
    for members in [
        json!({"status": "active"}),
        json!({"status": "rejected"}),
        json!({"isFeatured": true}),
        json!({"isPopular": true}),
        json!({"vendorId": "v2"}),
        json!({"id": "chosen"}),
    ] {
        assert_eq!(
            refused(shop.try_add(Who::Vendor("v1"), members.clone())),
            refusal(403, "forbidden"),
            "{members}"
        );
    }
    let own = shop.add(
        Who::Vendor("v1"),
        json!({"vendorId": "v1", "isFeatured": false, "status": "draft"}),
    );
    let id = own["id"].as_str().unwrap();
    for members in [
        json!({"status": "active"}),
        json!({"isPopular": true}),
        json!({"vendorId": "v2"}),
    ] {
        let result = shop.about(Who::Vendor("v1"), "change_product", id, &members);
        assert_eq!(refused(result), refusal(403, "forbidden"), "{members}");
    }
    assert_eq!(shop.see(Who::Vendor("v1"), id).unwrap(), own);
}

#[test]
fn a_vendor_withdraws_and_resubmits_but_keeps_selling_what_is_sold() {
    let shop = Shop::new();
    shop.on_sale("w", json!({"vendorId": "v1"}));
    let patch = |members: Value| {
        let answer = shop.about(Who::Vendor("v1"), "change_product", "w", &members);
        answer.map(|answer| answer.json()["status"].clone())
    };
    assert_eq!(patch(json!({"price": 11})).unwrap(), json!("active"));
    assert_eq!(patch(json!({"status": "active"})).unwrap(), json!("active"));
    assert_eq!(patch(json!({"status": "draft"})).unwrap(), json!("draft"));
    assert_eq!(
        patch(json!({"status": "pending"})).unwrap(),
        json!("pending")
    );
    assert_eq!(
        refused(patch(json!({"status": "active"}))),
        refusal(403, "forbidden")
    );
}

#[test]
fn others_products_look_missing() {
    let shop = Shop::new();
    shop.on_sale("w", json!({"vendorId": "v1"}));
    let whole = json!({"name": "Mine now", "category": "sport", "price": 1});
    for (handler, body) in [
        ("change_product", whole),
        ("change_product", json!({"price": 1})),
        ("delete_product", Value::Null),
    ] {
        let foreign = shop
            .about(Who::Vendor("v2"), handler, "w", &body)
            .unwrap_err();
        let missing = shop
            .about(Who::Vendor("v2"), handler, "nothing", &body)
            .unwrap_err();
        assert_eq!(foreign, missing, "{handler}");
        assert_eq!(foreign.status, 404);
    }
    assert_eq!(shop.see(Who::Anybody, "w").unwrap()["price"], json!(10));
}

#[test]
fn what_is_not_sent_stays() {
    let shop = Shop::new();
    let before = shop.on_sale(
        "w",
        json!({"brand": "Kaito", "tags": ["a"], "stock": 0, "isFeatured": true, "currency": "EUR"}),
    );
    shop.0.advance(1_000);
    let change = json!({"id": "w", "name": "Other", "category": "field", "price": 20});
    let after = shop
        .about(Who::Admin, "change_product", "w", &change)
        .unwrap()
        .json();
    let mut expected = before;
    for (name, value) in change.as_object().unwrap() {
        expected[name] = value.clone();
    }
    expected["updatedAt"] = json!("2026-01-01T00:00:01.001Z");
    assert_eq!(after, expected);
    let renamed = json!({"id": "x"});
    assert_eq!(
        refused(shop.about(Who::Admin, "change_product", "w", &renamed)),
        refusal(400, "id")
    );
}

#[test]
fn what_was_read_can_be_sent_back() {
    let shop = Shop::new();
    shop.on_sale("w", json!({"vendorId": "v", "stock": 3}));
    shop.about(Who::User("u"), "add_review", "w", &json!({"rating": 4}))
        .unwrap();
    for who in [Who::Admin, Who::Vendor("v")] {
        let mut read = shop.see(who, "w").unwrap();
        read["price"] = json!(11);
        let after = shop.about(who, "change_product", "w", &read).unwrap();
        assert_eq!(after.json()["price"], json!(11));
        assert_eq!(after.json()["rating"], json!(4.0));
        // Somebody looks at it meanwhile.
        let counts = json!({"counts": {"w": 2, "gone": 7}});
        let viewed = shop.0.event("catalog.viewed").source("catalog");
        viewed.json(&counts).deliver(crate::dispatch_event).unwrap();
        read["updatedAt"] = after.json()["updatedAt"].clone();
        let after = shop.about(who, "change_product", "w", &read).unwrap();
        let views = read["viewCount"].as_u64().unwrap() + 2;
        assert_eq!(after.json()["viewCount"], json!(views));
        assert_eq!(after.json()["analytics"]["views"], json!(views));
        read["analytics"]["downloads"] = json!(1_000_000);
        assert_eq!(
            refused(shop.about(who, "change_product", "w", &read)),
            refusal(400, "analytics")
        );
    }
}

#[test]
fn patching_changes_what_it_names_and_null_removes() {
    let shop = Shop::new();
    let files = json!({"downloadUrl": "/f.zip", "size": 5});
    shop.on_sale(
        "w",
        json!({"brand": "Kaito", "stock": 3, "files": files, "originalPrice": 12}),
    );
    let patch = json!({"brand": null, "price": 12, "files": {"size": 6}});
    let after = shop
        .about(Who::Admin, "change_product", "w", &patch)
        .unwrap()
        .json();
    assert_eq!(
        (after.get("brand"), &after["price"], &after["stock"]),
        (None, &json!(12), &json!(3))
    );
    assert_eq!(
        after["files"],
        json!({"downloadUrl": "/f.zip", "size": 6, "screenshots": []})
    );
}

#[test]
fn a_malformed_write_is_refused_by_the_name_of_its_member_and_changes_nothing() {
    let shop = Shop::new();
    shop.on_sale("w", json!({"price": 10}));
    let before = shop.see(Who::Admin, "w").unwrap();
    for (patch, field) in [
        (json!({"colour": "red"}), "colour"),
        (json!({"rating": 5}), "rating"),
        (json!({"reviewCount": 5}), "reviewCount"),
        (json!({"name": 5}), "name"),
        (json!({"name": null}), "name"),
        (json!({"price": "10"}), "price"),
        (json!({"price": -1}), "price"),
        (json!({"stock": -1}), "stock"),
        (json!({"stock": 1.5}), "stock"),
        (json!({"status": "sold"}), "status"),
        (json!({"type": "spoon"}), "type"),
        (json!({"files": {"virus": true}}), "files.virus"),
        (json!({"currency": "usd"}), "currency"),
    ] {
        assert_eq!(
            refused(shop.about(Who::Admin, "change_product", "w", &patch)),
            refusal(400, field),
            "{patch}"
        );
        let mut members = patch.clone();
        members["id"] = json!("other");
        if patch["name"] != Value::Null || patch.get("name").is_none() {
            assert_eq!(
                refused(shop.try_add(Who::Admin, members)),
                refusal(400, field),
                "{patch}"
            );
        }
    }
    assert_eq!(
        shop.about(Who::Admin, "change_product", "w", &json!([1]))
            .unwrap_err()
            .status,
        400
    );
    assert_eq!(shop.see(Who::Admin, "w").unwrap(), before);
    assert_eq!(shop.event_names(), ["product.created"]);
}

#[test]
fn an_administrator_chooses_ids_that_nobody_has_or_had() {
    let shop = Shop::new();
    assert_eq!(shop.on_sale("prod_001", json!({}))["id"], json!("prod_001"));
    assert_eq!(
        refused(shop.try_add(Who::Admin, json!({"id": "prod_001"}))),
        refusal(409, "id")
    );
    assert_eq!(
        refused(shop.try_add(Who::Admin, json!({"id": "a/b"}))),
        refusal(400, "id")
    );
    shop.about(
        Who::User("u"),
        "add_review",
        "prod_001",
        &json!({"rating": 1}),
    )
    .unwrap();
    shop.about(Who::Admin, "delete_product", "prod_001", &Value::Null)
        .unwrap();
    assert_eq!(
        refused(shop.try_add(Who::Admin, json!({"id": "prod_001"}))),
        refusal(409, "id")
    );
}

#[test]
fn a_deleted_product_is_gone_and_told_of() {
    let shop = Shop::new();
    let own = shop.add(Who::Vendor("v1"), json!({}));
    let id = own["id"].as_str().unwrap();
    assert_eq!(
        shop.about(Who::Vendor("v1"), "delete_product", id, &Value::Null)
            .unwrap()
            .status,
        204
    );
    assert_eq!(refused(shop.see(Who::Admin, id)), refusal(404, "not-found"));
    assert_eq!(shop.event_names().last().unwrap(), "product.deleted");
    let again = shop.about(Who::Vendor("v1"), "delete_product", id, &Value::Null);
    assert_eq!(refused(again), refusal(404, "not-found"));
}

#[test]
fn downloads_count_and_the_most_downloaded_comes_first() {
    let shop = Shop::new();
    for id in ["a", "b", "c"] {
        shop.on_sale(id, json!({}));
    }
    assert_eq!(shop.see(Who::Anybody, "b").unwrap()["downloadCount"], 0);
    for id in ["b", "b", "a", "gone", "no id at all"] {
        let event = shop.0.event("download.started").source("downloads");
        let event = event.json(&json!({"productId": id, "userId": "u", "vendorId": "v"}));
        event.deliver(crate::dispatch_event).unwrap();
    }
    let shown = shop.see(Who::Anybody, "b").unwrap();
    assert_eq!(
        (&shown["downloadCount"], &shown["analytics"]["downloads"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(shop.ids(Who::Anybody, "sort=popular").concat(), "bac");
}
