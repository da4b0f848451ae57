//! Stock: taken without ever selling a piece twice.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::copies;
use crate::product::{PRODUCTS, Product};
use crate::products::seen;
use crate::view::ProductView;

/// Pieces that one sale may take.
pub const QUANTITY_MAX: u32 = 1_000_000;

/// Pieces to take.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Taking {
    /// 1 to 1,000,000.
    pub quantity: u32,
}

/// How taking ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// So many are left.
    Left(u32),
    /// There are only so many.
    TooFew(u32),
    /// The product is not counted.
    Uncounted,
}

pub fn take_inventory(
    caller: Caller,
    Path(id): Path<String>,
    Json(taking): Json<Taking>,
) -> Result<Json<ProductView>> {
    if !is_quantity(taking.quantity) {
        return Err(Problem::invalid(
            "quantity",
            format!("quantity is 1 to {QUANTITY_MAX}."),
        ));
    }
    let mut product = seen(&caller, &id)?;
    match take(&id, &product, taking.quantity)? {
        Taken::Left(left) => {
            product.offer.stock = Some(left);
            Ok(Json(ProductView::of(id, product, &caller)))
        }
        Taken::TooFew(present) => Err(Problem::conflict(
            "out-of-stock",
            format!("There are only {present} pieces."),
        )
        .with_field("quantity")),
        Taken::Uncounted => Err(Problem::conflict(
            "no-stock",
            "The product has no stock to take from.",
        )),
    }
}

/// Whether one sale may be about so many pieces.
pub fn is_quantity(quantity: u32) -> bool {
    (1..=QUANTITY_MAX).contains(&quantity)
}

/// Takes pieces of a product, or none of them.
pub fn take(id: &str, product: &Product, quantity: u32) -> Result<Taken> {
    let Some(stock) = product.offer.stock else {
        return Ok(Taken::Uncounted);
    };
    let left = PRODUCTS.take_if_at_least(id, "offer.stock", i64::from(quantity))?;
    Ok(match left.map(u32::try_from) {
        Some(left) => {
            copies::drop(id);
            Taken::Left(left.unwrap_or(u32::MAX))
        }
        None => Taken::TooFew(stock),
    })
}

/// Gives pieces of a product back.
pub fn give_back(id: &str, product: &Product, quantity: u32) -> Result<()> {
    if let Some(stock) = product.offer.stock {
        if stock.checked_add(quantity).is_none() {
            return Err(Problem::invalid(
                "quantity",
                "There would be more pieces than can be counted.",
            ));
        }
        PRODUCTS.increment(id, "offer.stock", i64::from(quantity))?;
        copies::drop(id);
    }
    Ok(())
}
