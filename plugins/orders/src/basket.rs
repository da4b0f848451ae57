//! What somebody wants to buy: the items of a request, or a cart.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::cart::Owner;
use crate::shelf;

#[cfg(not(test))]
use crate::cart as source;
#[cfg(test)]
use crate::tests::cart as source;

/// Pieces of one product in one order: as in a cart, more is a slip of the keyboard.
pub const QUANTITY_MAX: u32 = 999;

/// A product and how many of it. What it costs is the catalogue's to say. One shop's name of a member is taken, too:
/// `product` for `productId`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    #[serde(alias = "product")]
    pub product_id: String,
    /// 1 to 999; 1 if absent.
    #[serde(default = "one")]
    pub quantity: u32,
}

const fn one() -> u32 {
    1
}

/// The items that a request names, each product once.
pub fn named(items: Vec<Item>) -> Result<Vec<Item>> {
    let mut basket: Vec<Item> = Vec::with_capacity(items.len().min(shelf::IDS_MAX));
    for (at, item) in items.into_iter().enumerate() {
        let is_same = |present: &Item| present.product_id == item.product_id;
        let known = basket.iter().find(|present| is_same(present));
        let before = known.map_or(0, |present| present.quantity);
        let quantity = before.saturating_add(item.quantity);
        if item.quantity == 0 || quantity > QUANTITY_MAX {
            let detail = format!("quantity is 1 to {QUANTITY_MAX} pieces of a product.");
            return Err(Problem::invalid(format!("items.{at}.quantity"), detail));
        }
        if before == 0 && basket.len() == shelf::IDS_MAX {
            let detail = format!("An order has at most {} products.", shelf::IDS_MAX);
            return Err(Problem::invalid("items", detail));
        }
        match basket.iter_mut().find(|present| is_same(present)) {
            Some(present) => present.quantity = quantity,
            None => basket.push(item),
        }
    }
    Ok(basket)
}

/// What is in the caller's cart.
pub fn of(caller: &Caller) -> Result<Vec<Item>> {
    let lines = source::contents(&owner(caller)?).map_err(failed)?;
    let items = lines.into_iter().map(|line| Item {
        product_id: line.product_id,
        quantity: line.quantity,
    });
    Ok(items.collect())
}

/// Empties the caller's cart.
pub fn clear(caller: &Caller) -> Result<()> {
    source::clear(&owner(caller)?).map_err(failed)
}

fn owner(caller: &Caller) -> Result<Owner> {
    Ok(Owner {
        account: caller.user()?.to_owned(),
        session: caller.session.clone(),
    })
}

fn failed(error: crate::cart::Error) -> Problem {
    Problem::internal(format!("the cart: {error:?}"))
}
