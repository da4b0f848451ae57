//! What the catalogue says of products, and pieces taken from its stock.

use stoa_guest::prelude::*;

use crate::catalog::{Error, Product};

#[cfg(not(test))]
use crate::catalog as source;
#[cfg(test)]
use crate::tests::catalog as source;

/// Products of one question, as the interface has it.
pub const IDS_MAX: usize = 100;

/// What the catalogue answers for a product whose pieces it does not count.
const UNCOUNTED: u32 = u32::MAX;

/// Those of the products that are on sale.
pub fn offers(ids: &[String]) -> Result<Vec<Product>> {
    source::get_products(ids).map_err(|error| failed(&error))
}

/// Takes pieces of a product; whether they are counted. `at` is the line, such as `items.2`.
pub fn take(at: &str, product: &Product, quantity: u32) -> Result<bool> {
    match source::take_stock(&product.id, quantity) {
        Ok(left) => Ok(left != UNCOUNTED),
        Err(Error::OutOfStock(present)) => Err(scarce(at, &product.name, present)),
        Err(Error::NotFound) => Err(unavailable(at, &product.id)),
        Err(Error::InvalidQuantity) => Err(Problem::invalid(
            format!("{at}.quantity"),
            "Nobody sells so many pieces.",
        )),
        Err(error) => Err(failed(&error)),
    }
}

/// Gives pieces back. A product that is gone needs none.
pub fn give_back(product_id: &str, quantity: u32) -> Result<()> {
    match source::return_stock(product_id, quantity) {
        Ok(()) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

/// There are not enough pieces.
pub fn scarce(at: &str, name: &str, present: u32) -> Problem {
    let detail = format!("There are only {present} pieces of {name}.");
    Problem::conflict("out-of-stock", detail).with_field(format!("{at}.quantity"))
}

/// The product is not on sale, or never was.
pub fn unavailable(at: &str, id: &str) -> Problem {
    let detail = format!("The product {id} is not on sale.");
    Problem::conflict("unavailable", detail).with_field(format!("{at}.productId"))
}

fn failed(error: &Error) -> Problem {
    Problem::internal(format!("the catalogue: {error:?}"))
}
