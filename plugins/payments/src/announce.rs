//! Events by which others learn what happens to payments, each keyed by its order. They name the buyer twice
//! (`docs/decisions/0020-what-events-say-of-people.md`).

use serde::Serialize;
use stoa_guest::prelude::*;

use crate::orders::Order;
use crate::payment::Payment;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    product_id: &'a str,
    vendor_id: &'a str,
    name: &'a str,
    quantity: u32,
    unit_price_minor: i64,
    net_minor: i64,
}

/// Which payment it is, and whose.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About<'a> {
    payment_id: &'a str,
    order_id: &'a str,
    number: &'a str,
    user_id: &'a str,
    buyer_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_email: Option<&'a str>,
    provider: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Money<'a> {
    #[serde(flatten)]
    about: About<'a>,
    currency: &'a str,
    amount_minor: i64,
    lines: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    #[serde(flatten)]
    about: About<'a>,
    reason: &'a str,
}

fn about(payment: &Payment) -> About<'_> {
    About {
        payment_id: &payment.id,
        order_id: &payment.order_id,
        number: &payment.number,
        user_id: &payment.buyer_id,
        buyer_id: &payment.buyer_id,
        buyer_email: payment.buyer_email.as_deref(),
        provider: payment.provider.word(),
    }
}

fn money<'a>(payment: &'a Payment, order: &'a Order) -> Money<'a> {
    let line = |line: &'a crate::orders::Line| Line {
        product_id: &line.product_id,
        vendor_id: &line.vendor_id,
        name: &line.name,
        quantity: line.quantity,
        unit_price_minor: line.unit_price_minor,
        net_minor: line.net_minor,
    };
    Money {
        about: about(payment),
        currency: &payment.amount.currency,
        amount_minor: payment.amount.minor,
        lines: order.lines.iter().map(line).collect(),
    }
}

/// The order is paid; under both shops' names.
pub fn succeeded(payment: &Payment, order: &Order) -> Result<()> {
    let fact = money(payment, order);
    events::raise("payment.success", &payment.order_id, &fact)?;
    events::raise("payment.completed", &payment.order_id, &fact)
}

/// All the money that had paid the order went back.
pub fn refunded(payment: &Payment, order: &Order) -> Result<()> {
    let fact = money(payment, order);
    events::raise("payment.refunded", &payment.order_id, &fact)
}

/// A try was declined.
pub fn failed(payment: &Payment, reason: &str) -> Result<()> {
    let fact = Failure {
        about: about(payment),
        // Whoever tells it makes a sentence of it.
        reason: reason.trim_end_matches('.'),
    };
    events::raise("payment.failed", &payment.order_id, &fact)
}
