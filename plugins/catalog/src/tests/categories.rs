//! Categories.

use super::*;

#[test]
fn categories_count_what_is_on_sale() {
    let shop = Shop::new();
    for (id, category, status) in [
        ("a", "dive", "active"),
        ("b", "Pilot & Co", "active"),
        ("c", "dive", "active"),
        ("d", "dress", "draft"),
    ] {
        shop.on_sale(id, json!({"category": category, "status": status}));
    }
    let answer = shop
        .by(Who::Anybody, "list_categories")
        .send(crate::dispatch)
        .unwrap()
        .json();
    assert_eq!(
        answer["items"],
        json!([
            {"slug": "dive", "name": "dive", "productCount": 2},
            {"slug": "pilot-co", "name": "Pilot & Co", "productCount": 1},
        ])
    );
    assert_eq!(
        (&answer["total"], &answer["limit"], &answer["offset"]),
        (&json!(2), &json!(20), &json!(0))
    );
}
