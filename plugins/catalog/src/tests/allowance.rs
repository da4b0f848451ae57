//! How many products a plan allows.

use serde_json::json;
use stoa_guest::plans::Plan;

use super::{Shop, Who};

fn shop(products_max: Option<u64>) -> Shop {
    let shop = Shop::new();
    shop.0.plan(Plan {
        id: "tiny".into(),
        name: "Tiny".into(),
        limits: vec![
            ("members".into(), Some(1)),
            ("products".into(), products_max),
        ],
    });
    shop
}

#[test]
fn a_plan_allows_so_many_products_and_a_deleted_one_makes_room() {
    let shop = shop(Some(2));
    for id in ["a", "b"] {
        let _ = shop.on_sale(id, json!({}));
    }
    for who in [Who::Admin, Who::Vendor("v")] {
        let refused = shop.try_add(who, json!({})).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (403, "plan-limit"));
    }
    shop.about(Who::Admin, "delete_product", "a", &json!(null))
        .unwrap();
    let _ = shop.on_sale("c", json!({}));
    assert_eq!(shop.try_add(Who::Admin, json!({})).unwrap_err().status, 403);
}

#[test]
fn what_is_refused_takes_no_place() {
    let shop = shop(Some(1));
    let bad = json!({ "price": -1 });
    assert_eq!(shop.try_add(Who::Admin, bad).unwrap_err().status, 400);
    let _ = shop.on_sale("a", json!({}));
    let taken = shop.try_add(Who::Admin, json!({ "id": "a" })).unwrap_err();
    assert_eq!(taken.code, "id-taken");
}

#[test]
fn products_from_before_there_was_a_plan_count() {
    let shop = Shop::new();
    for id in ["a", "b"] {
        let _ = shop.on_sale(id, json!({}));
    }
    shop.0.plan(Plan {
        id: "tiny".into(),
        name: "Tiny".into(),
        limits: vec![("products".into(), Some(2))],
    });
    assert_eq!(
        shop.try_add(Who::Admin, json!({})).unwrap_err().code,
        "plan-limit"
    );
}

#[test]
fn a_plan_without_the_limit_bounds_nothing() {
    let shop = shop(None);
    for id in ["a", "b", "c"] {
        let _ = shop.on_sale(id, json!({}));
    }
}
