//! The catalogue of these tests: its products, and how many pieces there are.

use std::cell::RefCell;

use crate::catalog::{Error, Money, Product};

thread_local! {
    static PRODUCTS: RefCell<Vec<Product>> = const { RefCell::new(Vec::new()) };
}

/// A product of `v1` whose price is in dollars.
pub fn product(id: &str, minor: i64, stock: Option<u32>) -> Product {
    Product {
        id: id.into(),
        name: id.to_uppercase(),
        price: Money {
            minor,
            currency: "USD".into(),
        },
        stock,
        vendor_id: "v1".into(),
        thumbnail: Some("/t.png".into()),
        category: "c".into(),
        purchasable: stock != Some(0),
    }
}

/// Makes these the products on sale.
pub fn sell(products: Vec<Product>) {
    PRODUCTS.set(products);
}

/// All of them, to be put back if a request fails.
pub fn all() -> Vec<Product> {
    PRODUCTS.with_borrow(Clone::clone)
}

/// Pieces of a product.
pub fn stock(id: &str) -> Option<u32> {
    let all = all();
    all.iter().find(|product| product.id == id)?.stock
}

pub fn get_products(ids: &[String]) -> Result<Vec<Product>, Error> {
    let found = |id: &String| all().into_iter().find(|product| product.id == *id);
    Ok(ids.iter().filter_map(found).collect())
}

pub fn take_stock(id: &str, quantity: u32) -> Result<u32, Error> {
    change(id, |stock| {
        stock.checked_sub(quantity).ok_or(Error::OutOfStock(stock))
    })
}

pub fn return_stock(id: &str, quantity: u32) -> Result<(), Error> {
    change(id, |stock| Ok(stock + quantity)).map(drop)
}

fn change(id: &str, next: impl Fn(u32) -> Result<u32, Error>) -> Result<u32, Error> {
    PRODUCTS.with_borrow_mut(|products| {
        let found = products.iter_mut().find(|product| product.id == id);
        let product = found.ok_or(Error::NotFound)?;
        match &mut product.stock {
            None => Ok(u32::MAX),
            Some(stock) => {
                *stock = next(*stock)?;
                Ok(*stock)
            }
        }
    })
}
