//! What other plugins ask of the catalogue. They see what is on sale, like anybody.

use stoa_guest::prelude::*;

use crate::check;
use crate::inventory::{self, Taken};
use crate::product::{PRODUCTS, Product, Status};
use crate::products::find;
use crate::provided::catalog as wire;

impl wire::Guest for crate::Plugin {
    fn get_product(id: String) -> Result<wire::Product, wire::Error> {
        on_sale(&id).map(|product| told(id, product))
    }

    fn get_products(ids: Vec<String>) -> Result<Vec<wire::Product>, wire::Error> {
        let ids: Vec<String> = ids
            .into_iter()
            .take(IDS_MAX)
            .filter(|id| check::is_id(id))
            .collect();
        let found = PRODUCTS
            .get_many(&ids)
            .map_err(|error| failed(&error.into()))?;
        let on_sale = found
            .into_iter()
            .filter(|found| found.value.status == Status::Active);
        Ok(on_sale.map(|found| told(found.id, found.value)).collect())
    }

    fn take_stock(id: String, quantity: u32) -> Result<u32, wire::Error> {
        if !inventory::is_quantity(quantity) {
            return Err(wire::Error::InvalidQuantity);
        }
        let product = on_sale(&id)?;
        match inventory::take(&id, &product, quantity).map_err(|problem| failed(&problem))? {
            Taken::Left(left) => Ok(left),
            Taken::TooFew(present) => Err(wire::Error::OutOfStock(present)),
            Taken::Uncounted => Ok(u32::MAX),
        }
    }

    fn return_stock(id: String, quantity: u32) -> Result<(), wire::Error> {
        if !inventory::is_quantity(quantity) {
            return Err(wire::Error::InvalidQuantity);
        }
        // What was sold may come back even when it is no longer on sale.
        let product = find(&id)
            .map_err(|problem| failed(&problem))?
            .ok_or(wire::Error::NotFound)?;
        inventory::give_back(&id, &product, quantity).map_err(|problem| failed(&problem))
    }
}

/// Ids of one question, as the interface has it.
const IDS_MAX: usize = 100;

fn on_sale(id: &str) -> Result<Product, wire::Error> {
    let product = find(id).map_err(|problem| failed(&problem))?;
    product
        .filter(|product| product.status == Status::Active)
        .ok_or(wire::Error::NotFound)
}

fn failed(problem: &Problem) -> wire::Error {
    wire::Error::Other(problem.to_string())
}

fn told(id: String, product: Product) -> wire::Product {
    let purchasable = product.is_purchasable();
    let offer = product.offer;
    wire::Product {
        id,
        name: offer.name,
        price: wire::Money {
            minor: offer.price.minor,
            currency: offer.price.currency,
        },
        stock: offer.stock,
        vendor_id: product.vendor_id,
        thumbnail: offer.thumbnail,
        category: offer.category,
        purchasable,
    }
}
