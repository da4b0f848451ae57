//! Lists of products.

use super::*;

fn stocked() -> Shop {
    let shop = Shop::new();
    shop.on_sale("a", json!({"brand": "Kaito", "category": "dive", "price": 100, "tags": ["steel", "blue"], "name": "Sea Cat"}));
    shop.on_sale("b", json!({"brand": "Verne", "category": "dive", "price": 250.5, "tags": ["steel"], "isFeatured": true}));
    shop.on_sale("c", json!({"brand": "Kaito", "category": "field", "price": 50, "type": "tool", "isPopular": true, "vendorId": "v1"}));
    shop.on_sale(
        "d",
        json!({"brand": "Verne", "price": 90, "currency": "EUR", "description": "A cat at sea"}),
    );
    shop
}

#[test]
fn filters_find_what_they_say() {
    let shop = stocked();
    for (query, expected) in [
        ("sort=oldest", "abcd"),
        ("sort=oldest&category=dive", "ab"),
        ("sort=oldest&brand=Kaito", "ac"),
        ("brand=Kaito&category=dive", "a"),
        ("sort=oldest&minPrice=60", "ab"),
        ("sort=oldest&minPrice=100&maxPrice=250.5", "ab"),
        ("maxPrice=99.99", "c"),
        ("minPrice=60&currency=EUR", "d"),
        ("currency=EUR", "d"),
        ("type=tool", "c"),
        ("featured=true", "b"),
        ("isFeatured=true", "b"),
        ("isPopular=true", "c"),
        ("sort=oldest&limit=3&page=2", "d"),
        ("popular=true", "c"),
        ("sort=oldest&popular=false", "abd"),
        ("sort=oldest&tag=steel", "ab"),
        ("tags=Steel,blue", "a"),
        ("vendor=v1", "c"),
        ("vendorId=v1", "c"),
        ("sort=oldest&search=SEA+cat", "ad"),
        ("q=nowhere", ""),
        ("sort=oldest&q=", "abcd"),
        ("category=Dive", ""),
        ("utm_source=letter&type=tool", "c"),
    ] {
        assert_eq!(shop.ids(Who::Anybody, query).concat(), expected, "{query}");
    }
}

#[test]
fn every_order_is_the_one_it_says() {
    let shop = stocked();
    for (query, expected) in [
        ("", "dcba"),
        ("sort=newest", "dcba"),
        ("sort=oldest", "abcd"),
        ("sort=price_asc", "cdab"),
        ("sort=price_desc", "badc"),
    ] {
        assert_eq!(shop.ids(Who::Anybody, query).concat(), expected, "{query}");
    }
    shop.about(Who::User("u"), "add_review", "c", &json!({"rating": 5}))
        .unwrap();
    assert_eq!(shop.ids(Who::Anybody, "sort=rating")[0], "c");
    assert_eq!(shop.ids(Who::Anybody, "sort=name")[0], "a");
    assert_eq!(shop.ids(Who::Anybody, "sort=popular").len(), 4);
}

#[test]
fn pages_fit_together_by_offset_and_by_cursor() {
    let shop = stocked();
    let first = shop.list(Who::Anybody, "limit=3").unwrap();
    assert_eq!(
        (&first["total"], &first["limit"], &first["offset"]),
        (&json!(4), &json!(3), &json!(0))
    );
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = shop
        .list(Who::Anybody, &format!("limit=3&cursor={cursor}"))
        .unwrap();
    assert_eq!(ids(&rest), ["a"]);
    assert!(rest.get("nextCursor").is_none());
    assert_eq!(shop.ids(Who::Anybody, "limit=3&offset=3"), ["a"]);
    assert_eq!(
        shop.list(Who::Anybody, "limit=100000").unwrap()["limit"],
        json!(200)
    );
}

#[test]
fn parameters_that_make_no_sense_are_refused_by_name() {
    let shop = stocked();
    let many_tags = format!("tags={}", ["t"; 11].join(","));
    let long = format!("search={}", "x".repeat(201));
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("offset=-1", "offset"),
        ("offset=10001", "offset"),
        ("offset=1&cursor=1", "cursor"),
        ("minPrice=-1", "minPrice"),
        ("minPrice=NaN", "minPrice"),
        ("maxPrice=inf", "maxPrice"),
        ("maxPrice=cheap", "maxPrice"),
        ("maxPrice=1.001", "maxPrice"),
        ("minPrice=2&maxPrice=1", "minPrice"),
        ("minPrice=2&currency=dollar", "currency"),
        ("type=spoon", "type"),
        ("sort=luck", "sort"),
        ("status=sold", "status"),
        ("featured=perhaps", "featured"),
        (many_tags.as_str(), "tags"),
        (long.as_str(), "search"),
    ] {
        assert_eq!(
            refused(shop.list(Who::Anybody, query)),
            refusal(400, field),
            "{query}"
        );
    }
    assert_eq!(
        shop.list(Who::Anybody, "cursor=forged").unwrap_err().status,
        400
    );
}

#[test]
fn only_products_on_sale_are_public() {
    let shop = stocked();
    shop.add(Who::Vendor("v1"), json!({"name": "New"}));
    shop.add(Who::Vendor("v2"), json!({"name": "Other"}));
    assert_eq!(shop.ids(Who::Anybody, "").len(), 4);
    for who in [Who::Anybody, Who::User("v1")] {
        for query in ["status=pending", "status=all", "status=draft&vendor=v1"] {
            assert_eq!(
                refused(shop.list(who, query)),
                refusal(403, "forbidden"),
                "{query}"
            );
        }
    }
    assert_eq!(shop.ids(Who::Admin, "status=pending").len(), 2);
    assert_eq!(shop.ids(Who::Admin, "status=all").len(), 6);
    assert_eq!(shop.ids(Who::Admin, "").len(), 4);
    assert_eq!(shop.ids(Who::Vendor("v1"), "status=pending").len(), 1);
    assert_eq!(
        refused(shop.list(Who::Vendor("v1"), "status=pending&vendor=v2")),
        refusal(403, "forbidden")
    );
}

#[test]
fn vendors_list_their_own_in_every_status() {
    let shop = stocked();
    shop.add(Who::Vendor("v1"), json!({"name": "New"}));
    let own = |query: &str| {
        let answer = shop
            .by(Who::Vendor("v1"), "list_own_products")
            .query(query)
            .send(crate::dispatch)
            .unwrap()
            .json();
        (answer["total"].clone(), answer["items"][0]["name"].clone())
    };
    assert_eq!(own(""), (json!(2), json!("New")));
    assert_eq!(own("status=active"), (json!(1), json!("Watch")));
    assert_eq!(
        own("vendor=v2").0,
        json!(2),
        "a vendor's list is the vendor's own whatever the query says"
    );
}
