//! What somebody means to buy: told to them, and forgotten. Carts of sessions are nobody's, and end by themselves.

use serde_json::{Value, json};
use stoa_guest::personal_data::{Erased, Kept};
use stoa_guest::prelude::*;

use crate::cart::Line;
use crate::carts;

pub fn personal_data(account: &str) -> Result<Value> {
    let told = |line: Line| {
        json!({
            "productId": line.product_id, "name": line.name, "quantity": line.quantity,
            "price": line.price.to_major_json(), "currency": line.price.currency,
        })
    };
    let cart = carts::open(&shopper(account))?.cart;
    let lines: Vec<Value> = cart.lines.into_iter().map(told).collect();
    let kept = Kept::new().one("cart", (!lines.is_empty()).then_some(lines))?;
    Ok(kept.told())
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    match Erased::of(&event) {
        Some(account) => carts::clear(&shopper(account)),
        None => Ok(()),
    }
}

fn shopper(account: &str) -> Shopper {
    Shopper::new(Some(account.into()), None)
}
