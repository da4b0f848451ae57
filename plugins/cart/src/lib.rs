//! Shopping carts of users and of sessions. Prices are never kept: every view asks the catalogue.

mod cart;
mod carts;
#[cfg(test)]
mod fake_catalog;
mod interface;
mod personal;
mod shelf;
#[cfg(test)]
mod tests;
mod view;

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::cart::{Cart, Line, QUANTITY_MAX};
use crate::catalog::Product;
use crate::personal::{forget, personal_data};
use crate::view::{CartView, Terms};

stoa_guest::plugin!("plugin.toml");

/// A product for the cart.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewItem {
    product_id: String,
    /// 1 to 999; 1 if absent.
    #[serde(default = "one")]
    quantity: u32,
}

const fn one() -> u32 {
    1
}

/// How many pieces.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Quantity {
    /// 1 to 999.
    quantity: u32,
}

fn view_cart(shopper: Shopper) -> Result<Json<CartView>> {
    let cart = carts::open(&shopper)?.cart;
    shown(&shopper, &cart, &shelf::offers(&cart, None)?)
}

fn add_item(shopper: Shopper, Json(new): Json<NewItem>) -> Result<Json<CartView>> {
    let mut owned = carts::open(&shopper)?;
    let more = in_bounds(new.quantity)?;
    let quantity = in_bounds(owned.cart.quantity_of(&new.product_id).saturating_add(more))?;
    let offers = shelf::offers(&owned.cart, Some(&new.product_id))?;
    owned.cart.put(line(new.product_id, quantity, &offers)?)?;
    owned.save()?;
    shown(&shopper, &owned.cart, &offers)
}

fn change_item(
    shopper: Shopper,
    Path(id): Path<String>,
    Json(wish): Json<Quantity>,
) -> Result<Json<CartView>> {
    let mut owned = carts::open(&shopper)?;
    let quantity = in_bounds(wish.quantity)?;
    let present = owned
        .cart
        .line(&id)
        .ok_or_else(|| Problem::not_found("item"))?;
    let product_id = present.product_id.clone();
    let offers = shelf::offers(&owned.cart, None)?;
    owned.cart.put(line(product_id, quantity, &offers)?)?;
    owned.save()?;
    shown(&shopper, &owned.cart, &offers)
}

fn remove_item(shopper: Shopper, Path(id): Path<String>) -> Result<Json<CartView>> {
    let mut owned = carts::open(&shopper)?;
    if !owned.cart.remove(&id) {
        return Err(Problem::not_found("item"));
    }
    owned.save()?;
    shown(&shopper, &owned.cart, &shelf::offers(&owned.cart, None)?)
}

fn clear_cart(shopper: Shopper) -> Result<Json<CartView>> {
    carts::clear(&shopper)?;
    shown(&shopper, &Cart::default(), &[])
}

fn in_bounds(quantity: u32) -> Result<u32> {
    if (1..=QUANTITY_MAX).contains(&quantity) {
        return Ok(quantity);
    }
    Err(Problem::invalid(
        "quantity",
        format!("quantity is 1 to {QUANTITY_MAX} pieces of a product."),
    ))
}

/// A line of so many pieces, if the catalogue sells so many now.
fn line(product_id: String, quantity: u32, offers: &[Product]) -> Result<Line> {
    let product = offers
        .iter()
        .find(|offer| offer.id == product_id)
        .ok_or_else(|| Problem::not_found("product"))?;
    if !view::is_sellable(product, quantity) {
        let present = product.stock.unwrap_or(0);
        let detail = format!("There are only {present} pieces.");
        return Err(Problem::conflict("out-of-stock", detail).with_field("quantity"));
    }
    Ok(Line {
        id: random::ulid(),
        product_id,
        quantity,
        name: product.name.clone(),
        price: Money::new(product.price.minor, product.price.currency.clone()),
        thumbnail: product.thumbnail.clone(),
        vendor_id: product.vendor_id.clone(),
    })
}

/// The shopper's cart at today's offers.
fn shown(shopper: &Shopper, cart: &Cart, offers: &[Product]) -> Result<Json<CartView>> {
    Ok(Json(CartView {
        user_id: shopper.account().map(Into::into),
        ..view::view(cart, offers, &terms()?)
    }))
}

/// What the operator has set. A tax that makes no sense is told, not guessed: nobody should sell without it.
fn terms() -> Result<Terms> {
    let tax_percent = settings::get("tax_percent").unwrap_or(0.0);
    if !(0.0..=100.0).contains(&tax_percent) {
        return Err(Problem::internal(format!(
            "the setting tax_percent is {tax_percent}, not 0 to 100"
        )));
    }
    Ok(Terms {
        tax_percent,
        currency: settings::get("currency").unwrap_or_else(|| "USD".into()),
    })
}
