//! Events by which others learn what happens to orders. Each is keyed by the order, and names its buyer twice
//! (`docs/decisions/0020-what-events-say-of-people.md`).

use serde::Serialize;
use stoa_guest::prelude::*;
use stoa_guest::text::cut;

use crate::cancel::Expiry;
use crate::free;
use crate::order::{Line, Order};

/// Characters of a product's name in an event, so that the largest order fits into one.
const NAME_CHARS_MAX: usize = 80;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sold<'a> {
    product_id: &'a str,
    vendor_id: &'a str,
    name: String,
    quantity: u32,
    unit_price_minor: i64,
    net_minor: i64,
}

/// Which order it is, whose, and what was sold.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About<'a> {
    order_id: &'a str,
    number: &'a str,
    user_id: &'a str,
    buyer_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_email: Option<&'a str>,
    currency: &'a str,
    lines: Vec<Sold<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fact<'a> {
    #[serde(flatten)]
    about: About<'a>,
    total_minor: i64,
    #[serde(flatten)]
    end: Option<End<'a>>,
}

/// That an order is paid: in the payments' words.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Paid<'a> {
    #[serde(flatten)]
    about: About<'a>,
    payment_id: Option<&'a str>,
    provider: &'a str,
    amount_minor: i64,
}

/// How an order was called off.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct End<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    was_paid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<&'a str>,
    /// For whoever counts how often it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    discount_code: Option<&'a str>,
}

fn sold(line: &Line) -> Sold<'_> {
    Sold {
        product_id: &line.product_id,
        vendor_id: &line.vendor_id,
        name: cut(&line.name, NAME_CHARS_MAX),
        quantity: line.quantity,
        unit_price_minor: line.unit_price_minor,
        net_minor: line.net_minor,
    }
}

fn about<'a>(id: &'a str, order: &'a Order) -> About<'a> {
    About {
        order_id: id,
        number: &order.number,
        user_id: &order.buyer_id,
        buyer_id: &order.buyer_id,
        buyer_email: order.buyer_email.as_deref(),
        currency: &order.currency,
        lines: order.lines.iter().map(sold).collect(),
    }
}

fn fact<'a>(id: &'a str, order: &'a Order, end: Option<End<'a>>) -> Fact<'a> {
    Fact {
        about: about(id, order),
        total_minor: order.total_minor,
        end,
    }
}

/// An order was placed. Its time to be paid begins.
pub fn created(id: &str, order: &Order) -> Result<()> {
    events::raise("order.created", id, &fact(id, order, None))?;
    match order.expires_at {
        Some(at) => {
            let expiry = Expiry {
                order_id: id.to_owned(),
            };
            events::raise_at("order.expiry", id, &expiry, at)
        }
        None => Ok(()),
    }
}

/// An order that costs nothing is paid; under both shops' names, as the payments tell it of others.
pub fn paid(id: &str, order: &Order) -> Result<()> {
    let fact = Paid {
        about: about(id, order),
        payment_id: order.payment_id.as_deref(),
        provider: free::PROVIDER,
        amount_minor: order.total_minor,
    };
    events::raise("payment.success", id, &fact)?;
    events::raise("payment.completed", id, &fact)
}

/// An order was called off. What was paid for it has to go back.
pub fn cancelled(id: &str, order: &Order) -> Result<()> {
    let end = End {
        reason: order.reason.as_deref(),
        was_paid: order.is_paid(),
        payment_id: order.payment_id.as_deref(),
        discount_code: order.discount_code.as_deref(),
    };
    events::raise("order.cancelled", id, &fact(id, order, Some(end)))
}
