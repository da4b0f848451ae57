//! What other plugins are told.

use super::*;
use crate::Plugin;
use crate::provided::catalog::{Error, Guest};

fn shop() -> Shop {
    let shop = Shop::new();
    shop.on_sale(
        "w",
        json!({"stock": 3, "price": 12.5, "thumbnail": "/t.png", "vendorId": "v"}),
    );
    shop.on_sale("download", json!({}));
    shop.on_sale("hidden", json!({"stock": 3, "status": "draft"}));
    shop
}

#[test]
fn a_product_is_told_in_minor_units() {
    let _shop = shop();
    let product = Plugin::get_product("w".into()).unwrap();
    assert_eq!(
        (product.price.minor, product.price.currency.as_str()),
        (1_250, "USD")
    );
    assert_eq!(
        (
            product.stock,
            product.purchasable,
            product.vendor_id.as_str()
        ),
        (Some(3), true, "v")
    );
    assert_eq!(product.thumbnail.as_deref(), Some("/t.png"));
}

#[test]
fn only_products_on_sale_are_told_of() {
    let _shop = shop();
    for id in ["hidden", "nothing", "", "a b"] {
        assert!(
            matches!(Plugin::get_product(id.into()), Err(Error::NotFound)),
            "{id}"
        );
        assert!(
            matches!(Plugin::take_stock(id.into(), 1), Err(Error::NotFound)),
            "{id}"
        );
    }
    let ids = ["download", "hidden", "a b", "w"]
        .map(String::from)
        .to_vec();
    let found: Vec<String> = Plugin::get_products(ids)
        .unwrap()
        .into_iter()
        .map(|product| product.id)
        .collect();
    assert_eq!(found, ["download", "w"]);
}

#[test]
fn stock_is_taken_and_comes_back() {
    let shop = shop();
    assert_eq!(Plugin::take_stock("w".into(), 2).unwrap(), 1);
    assert!(matches!(
        Plugin::take_stock("w".into(), 2),
        Err(Error::OutOfStock(1))
    ));
    assert_eq!(Plugin::take_stock("w".into(), 1).unwrap(), 0);
    assert!(!Plugin::get_product("w".into()).unwrap().purchasable);
    Plugin::return_stock("w".into(), 3).unwrap();
    assert_eq!(shop.see(Who::Anybody, "w").unwrap()["stock"], json!(3));
}

#[test]
fn stock_comes_back_to_what_is_no_longer_on_sale() {
    let shop = shop();
    Plugin::return_stock("hidden".into(), 1).unwrap();
    assert_eq!(shop.see(Who::Admin, "hidden").unwrap()["stock"], json!(4));
}

#[test]
fn what_has_no_stock_never_runs_out() {
    let shop = shop();
    assert_eq!(
        Plugin::take_stock("download".into(), 1_000_000).unwrap(),
        u32::MAX
    );
    Plugin::return_stock("download".into(), 1_000_000).unwrap();
    assert!(
        shop.see(Who::Admin, "download")
            .unwrap()
            .get("stock")
            .is_none()
    );
}

#[test]
fn absurd_quantities_are_refused() {
    let _shop = shop();
    for quantity in [0, 1_000_001, u32::MAX] {
        assert!(matches!(
            Plugin::take_stock("w".into(), quantity),
            Err(Error::InvalidQuantity)
        ));
        assert!(matches!(
            Plugin::return_stock("w".into(), quantity),
            Err(Error::InvalidQuantity)
        ));
    }
}

#[test]
fn no_question_is_about_more_products_than_the_interface_has() {
    let shop = Shop::new();
    let ids: Vec<String> = (0..101).map(|i| format!("p{i}")).collect();
    for id in &ids {
        shop.on_sale(id, json!({}));
    }
    assert_eq!(Plugin::get_products(ids).unwrap().len(), 100);
}
