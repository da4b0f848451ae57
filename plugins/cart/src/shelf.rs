//! What the catalogue says of products.

use stoa_guest::prelude::*;

use crate::cart::{Cart, LINES_MAX};
use crate::catalog::{Error, Product};

#[cfg(not(test))]
use crate::catalog as source;
#[cfg(test)]
use crate::fake_catalog as source;

/// Ids of one question, as the interface has it.
const IDS_MAX: usize = 100;

const _: () = assert!(
    LINES_MAX <= IDS_MAX,
    "a cart is shown by one question to the catalogue"
);

/// A product on sale.
pub fn product(id: &str) -> Result<Product> {
    source::get_product(id).map_err(|error| match error {
        Error::NotFound => Problem::not_found("product"),
        error => failed(&error),
    })
}

/// The cart's products that are still on sale.
pub fn products(cart: &Cart) -> Result<Vec<Product>> {
    if cart.lines.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = cart
        .lines
        .iter()
        .map(|line| line.product_id.clone())
        .collect();
    source::get_products(&ids).map_err(|error| failed(&error))
}

fn failed(error: &Error) -> Problem {
    Problem::internal(format!("the catalogue: {error:?}"))
}
