//! Stock.

use super::*;

fn take(shop: &Shop, who: Who, id: &str, quantity: Value) -> Result<Value> {
    shop.about(who, "take_inventory", id, &json!({"quantity": quantity}))
        .map(|answer| answer.json()["stock"].clone())
}

#[test]
fn pieces_are_taken_until_there_are_none() {
    let shop = Shop::new();
    shop.on_sale("w", json!({"stock": 3}));
    assert_eq!(
        take(&shop, Who::User("u"), "w", json!(2)).unwrap(),
        json!(1)
    );
    assert_eq!(
        refused(take(&shop, Who::User("u"), "w", json!(2))),
        refusal(409, "quantity")
    );
    assert_eq!(
        take(&shop, Who::User("u"), "w", json!(1)).unwrap(),
        json!(0)
    );
    let problem = take(&shop, Who::User("u"), "w", json!(1)).unwrap_err();
    assert_eq!(
        (problem.code.as_str(), problem.detail.as_str()),
        ("out-of-stock", "There are only 0 pieces.")
    );
    assert_eq!(shop.see(Who::Anybody, "w").unwrap()["stock"], json!(0));
}

#[test]
fn absurd_quantities_are_refused() {
    let shop = Shop::new();
    shop.on_sale("w", json!({"stock": 3}));
    for quantity in [
        json!(0),
        json!(-1),
        json!(1_000_001),
        json!(1.5),
        json!("2"),
        json!(4_294_967_297_i64),
    ] {
        assert_eq!(
            refused(take(&shop, Who::User("u"), "w", quantity.clone())),
            refusal(400, "quantity"),
            "{quantity}"
        );
    }
    assert_eq!(shop.see(Who::Anybody, "w").unwrap()["stock"], json!(3));
}

#[test]
fn nothing_is_taken_of_what_is_missing_hidden_or_uncounted() {
    let shop = Shop::new();
    shop.on_sale("hidden", json!({"stock": 3, "status": "draft"}));
    shop.on_sale("download", json!({}));
    assert_eq!(
        refused(take(&shop, Who::User("u"), "nothing", json!(1))),
        refusal(404, "not-found")
    );
    assert_eq!(
        refused(take(&shop, Who::User("u"), "hidden", json!(1))),
        refusal(404, "not-found")
    );
    assert_eq!(
        refused(take(&shop, Who::User("u"), "download", json!(1))),
        refusal(409, "no-stock")
    );
}
