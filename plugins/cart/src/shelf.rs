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

/// What of the cart, and of `more`, is on sale. One question for all of it: each is a sandbox of its own.
pub fn offers(cart: &Cart, more: Option<&str>) -> Result<Vec<Product>> {
    let in_cart = cart.lines.iter().map(|line| line.product_id.as_str());
    let mut ids: Vec<String> = Vec::with_capacity(cart.lines.len() + 1);
    for id in more.into_iter().chain(in_cart) {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    // Beyond a full cart there is room for nothing new.
    ids.truncate(IDS_MAX);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    source::get_products(&ids).map_err(|error| failed(&error))
}

fn failed(error: &Error) -> Problem {
    Problem::internal(format!("the catalogue: {error:?}"))
}
