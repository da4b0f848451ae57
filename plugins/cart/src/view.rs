//! What a shopper sees of a cart: today's prices, and what can't be bought any more.

use serde::Serialize;
use serde_json::Number;
use stoa_guest::portion::percent_of;
use stoa_guest::prelude::*;

use crate::cart::{Cart, Line};
use crate::catalog::Product;

/// A cart. Money is in major units, times are RFC 3339.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct CartView {
    /// Absent for an untouched cart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whose it is; absent for somebody who is not signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    pub items: Vec<ItemView>,
    /// Pieces that can be bought.
    pub item_count: u32,
    /// What they cost.
    pub subtotal: Number,
    pub tax: Number,
    /// In percent.
    pub tax_rate: f64,
    pub total: Number,
    /// ISO 4217 code.
    pub currency: String,
    /// When it is forgotten unless it is touched before; absent for an untouched cart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

/// A product of a cart.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ItemView {
    pub id: String,
    pub product_id: String,
    /// The product's name.
    pub name: String,
    /// The same, as one shop's clients know it.
    pub product_name: String,
    /// Of one piece, today.
    pub price: Number,
    pub quantity: u32,
    pub subtotal: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    pub vendor_id: String,
    /// Whether it can be bought in this quantity. If not, it costs nothing.
    pub available: bool,
    /// Pieces that could be bought; absent where they are not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
}

/// What the shop adds to every cart.
pub struct Terms {
    pub tax_percent: f64,
    /// Shown by an empty cart.
    pub currency: String,
}

/// A cart, of nobody in particular, at today's offers, which are in no particular order.
pub fn view(cart: &Cart, offers: &[Product], terms: &Terms) -> CartView {
    let currency = cart.currency().unwrap_or(&terms.currency).to_string();
    let mut subtotal = 0_i64;
    let mut item_count = 0;
    let mut items = Vec::with_capacity(cart.lines.len());
    for line in &cart.lines {
        let offer = offers
            .iter()
            .find(|offer| offer.id == line.product_id && offer.price.currency == currency);
        let cost_minor = cost(line, offer);
        if let Some(cost_minor) = cost_minor {
            subtotal = subtotal.saturating_add(cost_minor);
            item_count += line.quantity;
        }
        items.push(item(line, offer, cost_minor));
    }
    let tax = percent_of(subtotal, terms.tax_percent);
    let major = |minor| {
        Money {
            minor,
            currency: currency.clone(),
        }
        .to_major_json()
    };
    CartView {
        id: cart.id.clone(),
        user_id: None,
        items,
        item_count,
        subtotal: major(subtotal),
        tax: major(tax),
        tax_rate: terms.tax_percent,
        total: major(subtotal.saturating_add(tax)),
        expires_at: cart.expires_at().map(clock::rfc3339),
        updated_at: (cart.updated_at > 0).then(|| clock::rfc3339(cart.updated_at)),
        currency,
    }
}

/// What a line costs today; none if it can't be bought in this quantity.
fn cost(line: &Line, offer: Option<&Product>) -> Option<i64> {
    let offer = offer.filter(|offer| is_sellable(offer, line.quantity))?;
    Some(offer.price.minor.saturating_mul(i64::from(line.quantity)))
}

/// Whether so many pieces can be bought now.
pub fn is_sellable(offer: &Product, quantity: u32) -> bool {
    offer.purchasable && offer.stock.is_none_or(|stock| stock >= quantity)
}

/// A line as its offer says today, or as it was last known.
fn item(line: &Line, offer: Option<&Product>, cost_minor: Option<i64>) -> ItemView {
    let name = offer.map_or(&line.name, |offer| &offer.name);
    let minor = offer.map_or(line.price.minor, |offer| offer.price.minor);
    let major = |minor| {
        Money {
            minor,
            currency: line.price.currency.clone(),
        }
        .to_major_json()
    };
    ItemView {
        id: line.id.clone(),
        product_id: line.product_id.clone(),
        name: name.clone(),
        product_name: name.clone(),
        price: major(minor),
        quantity: line.quantity,
        subtotal: major(cost_minor.unwrap_or(0)),
        thumbnail: offer.map_or_else(|| line.thumbnail.clone(), |offer| offer.thumbnail.clone()),
        vendor_id: offer
            .map_or(&line.vendor_id, |offer| &offer.vendor_id)
            .clone(),
        available: cost_minor.is_some(),
        stock: offer.and_then(|offer| offer.stock),
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::fake_catalog::product as offer;
    use serde_json::json;

    fn line(product: &str, quantity: u32, minor: i64) -> Line {
        Line {
            id: format!("line-{product}"),
            product_id: product.into(),
            quantity,
            name: product.into(),
            price: Money {
                minor,
                currency: "USD".into(),
            },
            thumbnail: None,
            vendor_id: "v".into(),
        }
    }

    fn shown(lines: &[Line], offers: &[Product], tax_percent: f64) -> serde_json::Value {
        let cart = Cart {
            lines: lines.to_vec(),
            ..Cart::default()
        };
        json!(view(
            &cart,
            offers,
            &Terms {
                tax_percent,
                currency: "EUR".into()
            }
        ))
    }

    #[test]
    fn an_empty_cart_costs_nothing_in_the_shops_currency() {
        let view = shown(&[], &[], 19.0);
        assert_eq!(
            (&view["total"], &view["currency"], &view["itemCount"]),
            (&json!(0), &json!("EUR"), &json!(0))
        );
    }

    #[test]
    fn prices_are_todays_and_tax_comes_on_top() {
        let lines = [line("a", 3, 100), line("b", 1, 5_00)];
        let view = shown(
            &lines,
            &[offer("b", 5_00, None), offer("a", 19_99, Some(3))],
            7.5,
        );
        assert_eq!(view["items"][0]["price"], json!(19.99));
        assert_eq!(view["items"][0]["subtotal"], json!(59.97));
        assert_eq!(view["items"][0]["productName"], json!("a now"));
        assert_eq!(
            (&view["subtotal"], &view["tax"], &view["total"]),
            (&json!(64.97), &json!(4.87), &json!(69.84))
        );
        assert_eq!(view["itemCount"], json!(4));
    }

    #[test]
    fn what_cannot_be_bought_is_shown_and_costs_nothing() {
        let lines = [
            line("gone", 1, 100),
            line("scarce", 3, 100),
            line("sold-out", 1, 100),
            line("fine", 1, 100),
        ];
        let offers = [
            offer("scarce", 100, Some(2)),
            offer("sold-out", 100, Some(0)),
            offer("fine", 2_00, None),
        ];
        let view = shown(&lines, &offers, 0.0);
        let available: Vec<_> = (0..4)
            .map(|i| view["items"][i]["available"].clone())
            .collect();
        assert_eq!(
            available,
            [json!(false), json!(false), json!(false), json!(true)]
        );
        assert_eq!(view["items"][0]["name"], json!("gone"));
        assert_eq!(view["items"][1]["stock"], json!(2));
        assert_eq!((&view["total"], &view["itemCount"]), (&json!(2), &json!(1)));
    }

    #[test]
    fn a_product_that_changed_its_currency_cannot_be_bought_with_the_others() {
        let mut foreign = offer("a", 100, None);
        foreign.price.currency = "EUR".into();
        let view = shown(&[line("a", 1, 100)], &[foreign], 0.0);
        assert_eq!(
            (&view["items"][0]["available"], &view["total"]),
            (&json!(false), &json!(0))
        );
    }
}
