//! Discounts, shipping and tax: by the plugins that fill the extension points, else by the operator's settings.

use stoa_guest::portion::percent_of;
use stoa_guest::prelude::*;
use stoa_guest::text::cut;

use crate::address::Address;
use crate::catalog::Product;
use crate::totals::{self, TOTAL_MINOR_MAX, Totals};

#[cfg(test)]
use crate::tests::points::{discount, shipping, tax};
#[cfg(not(test))]
use crate::{discount, shipping, tax};

/// Characters of a label that an extension point's plugin gives.
const LABEL_CHARS_MAX: usize = 200;

/// A product and how many of it are sold.
pub struct Good {
    pub product: Product,
    pub quantity: u32,
}

impl Good {
    fn gross_minor(&self) -> i64 {
        self.product
            .price
            .minor
            .saturating_mul(i64::from(self.quantity))
    }

    /// Whether it has to be carried anywhere. Nobody counts pieces of a download.
    pub const fn is_tangible(&self) -> bool {
        self.product.stock.is_some()
    }
}

/// What decides about a price beside the goods.
pub struct Terms<'a> {
    pub currency: &'a str,
    pub buyer_id: &'a str,
    pub code: Option<&'a str>,
    pub address: Option<&'a Address>,
}

/// What an order costs.
pub struct Price {
    pub totals: Totals,
    /// Minor units off each line.
    pub off: Vec<i64>,
    pub discount_label: Option<String>,
    pub shipping_label: Option<String>,
}

/// What the goods cost.
pub fn price(goods: &[Good], terms: &Terms) -> Result<Price> {
    let (off, discount_label) = discounts(goods, terms)?;
    let lines: Vec<(i64, i64)> = goods
        .iter()
        .map(Good::gross_minor)
        .zip(off.clone())
        .collect();
    let net: Vec<i64> = lines.iter().map(|(gross, off)| gross - off).collect();
    // Before anybody else counts with it.
    let net_minor = totals::sum(&lines, 0, 0)?.total;
    let (shipping_minor, shipping_label) = shipping_costs(goods, net_minor, terms)?;
    let tax_minor = taxes(goods, &net, shipping_minor, terms)?;
    Ok(Price {
        totals: totals::sum(&lines, shipping_minor, tax_minor)?,
        off,
        discount_label,
        shipping_label,
    })
}

fn discounts(goods: &[Good], terms: &Terms) -> Result<(Vec<i64>, Option<String>)> {
    let line = |good: &Good| discount::Line {
        product_id: good.product.id.clone(),
        category: good.product.category.clone(),
        vendor_id: good.product.vendor_id.clone(),
        quantity: good.quantity,
        gross_minor: good.gross_minor(),
    };
    let answer = discount::discount(&discount::Question {
        currency: terms.currency.into(),
        lines: goods.iter().map(line).collect(),
        buyer_id: terms.buyer_id.into(),
        code: terms.code.map(Into::into),
    });
    let reason = match answer {
        Ok(answer) if is_off(&answer.off_minor, goods) => {
            let label =
                label(&answer.label).filter(|_| answer.off_minor.iter().any(|off| *off > 0));
            return Ok((answer.off_minor, label));
        }
        Ok(answer) => format!("{:?} is not off these lines", answer.off_minor),
        Err(discount::Error::Refused(reason)) => {
            return Err(refused("discount-refused", &reason).with_field("discountCode"));
        }
        Err(discount::Error::Unavailable(reason)) => reason,
    };
    absent("discount", &reason);
    // Who typed a code in expects to pay less, and is told rather than charged.
    if terms.code.is_some() {
        let detail = "Discount codes are not taken at the moment.";
        return Err(Problem::new(422, "discount-unavailable", detail).with_field("discountCode"));
    }
    Ok((vec![0; goods.len()], None))
}

/// Whether each line may be reduced by so much.
fn is_off(off: &[i64], goods: &[Good]) -> bool {
    let mut pairs = off.iter().zip(goods);
    off.len() == goods.len() && pairs.all(|(off, good)| (0..=good.gross_minor()).contains(off))
}

fn shipping_costs(goods: &[Good], net_minor: i64, terms: &Terms) -> Result<(i64, Option<String>)> {
    let line = |good: &Good| shipping::Line {
        product_id: good.product.id.clone(),
        quantity: good.quantity,
        tangible: good.is_tangible(),
    };
    let answer = shipping::shipping(&shipping::Question {
        currency: terms.currency.into(),
        lines: goods.iter().map(line).collect(),
        subtotal_minor: net_minor,
        country: terms.address.map(|address| address.country.clone()),
        postal_code: terms
            .address
            .and_then(|address| address.postal_code.clone()),
    });
    let reason = match answer {
        Ok(answer) if is_amount(answer.price_minor) => {
            return Ok((answer.price_minor, label(&answer.label)));
        }
        Ok(answer) => format!("{} is no price", answer.price_minor),
        Err(shipping::Error::Refused(reason)) => {
            return Err(refused("shipping-refused", &reason).with_field("shippingAddress"));
        }
        Err(shipping::Error::Unavailable(reason)) => reason,
    };
    absent("shipping", &reason);
    if !goods.iter().any(Good::is_tangible) {
        return Ok((0, None));
    }
    let flat = settings::get("shipping_minor").unwrap_or(0);
    match is_amount(flat) {
        true => Ok((flat, None)),
        false => Err(Problem::internal(format!(
            "the setting shipping_minor is {flat}"
        ))),
    }
}

fn taxes(goods: &[Good], net: &[i64], shipping_minor: i64, terms: &Terms) -> Result<i64> {
    let line = |(good, net_minor): (&Good, &i64)| tax::Line {
        product_id: good.product.id.clone(),
        category: good.product.category.clone(),
        quantity: good.quantity,
        net_minor: *net_minor,
    };
    let answer = tax::tax(&tax::Question {
        currency: terms.currency.into(),
        lines: goods.iter().zip(net).map(line).collect(),
        shipping_minor,
        country: terms.address.map(|address| address.country.clone()),
        region: terms.address.and_then(|address| address.region.clone()),
        postal_code: terms
            .address
            .and_then(|address| address.postal_code.clone()),
    });
    let reason = match answer {
        Ok(minor) if is_amount(minor) => return Ok(minor),
        Ok(minor) => format!("{minor} is no tax"),
        Err(tax::Error::Refused(reason)) => {
            return Err(refused("tax-refused", &reason).with_field("shippingAddress"));
        }
        Err(tax::Error::Unavailable(reason)) => reason,
    };
    absent("tax", &reason);
    let percent = settings::get("tax_percent").unwrap_or(0.0);
    // A tax that makes no sense is told, not guessed: nobody should sell without it.
    if !(0.0..=100.0).contains(&percent) {
        let detail = format!("the setting tax_percent is {percent}, not 0 to 100");
        return Err(Problem::internal(detail));
    }
    Ok(percent_of(net.iter().sum(), percent))
}

fn is_amount(minor: i64) -> bool {
    (0..=TOTAL_MINOR_MAX).contains(&minor)
}

fn label(text: &str) -> Option<String> {
    let text = cut(text.trim(), LABEL_CHARS_MAX);
    (!text.is_empty()).then_some(text)
}

/// A plugin's no, in its own words.
fn refused(code: &str, reason: &str) -> Problem {
    Problem::new(422, code, cut(reason, LABEL_CHARS_MAX))
}

fn absent(point: &str, reason: &str) {
    log::debug!("nobody says the {point}: {reason}");
}
