//! The catalogue of this plugin's own tests.

use std::cell::RefCell;

use crate::catalog::{Error, Money, Product};

thread_local! {
    static PRODUCTS: RefCell<Vec<Product>> = const { RefCell::new(Vec::new()) };
}

/// A product whose price is in dollars.
pub fn product(id: &str, minor: i64, stock: Option<u32>) -> Product {
    Product {
        id: id.into(),
        name: format!("{id} now"),
        price: Money {
            minor,
            currency: "USD".into(),
        },
        stock,
        vendor_id: "v".into(),
        thumbnail: Some("/t.png".into()),
        category: "c".into(),
        purchasable: stock != Some(0),
    }
}

/// Makes these the products on sale.
pub fn sell(products: &[Product]) {
    PRODUCTS.with_borrow_mut(|present| *present = products.to_vec());
}

pub fn get_products(ids: &[String]) -> Result<Vec<Product>, Error> {
    let is_asked = |product: &&Product| ids.contains(&product.id);
    Ok(PRODUCTS.with_borrow(|present| present.iter().filter(is_asked).cloned().collect()))
}
