//! Events by which others learn what happens to payments, each keyed by its order. They name the buyer twice
//! (`docs/decisions/0020-what-events-say-of-people.md`).
//!
//! Money that goes back is told in full only when all of it is back, because whoever hears that takes back what was sold; of
//! each part before it is told under another name.

use serde::Serialize;
use stoa_guest::prelude::*;
use stoa_guest::text::cut;

use crate::orders::{self, Order};
use crate::payment::Payment;
use crate::shares;

/// Characters of a product's name in an event, so that the largest order fits into one.
const NAME_CHARS_MAX: usize = 80;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    product_id: &'a str,
    vendor_id: &'a str,
    name: String,
    quantity: u32,
    unit_price_minor: i64,
    net_minor: i64,
    #[serde(flatten)]
    back: Option<Back>,
}

/// What went back, in minor units.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Back {
    /// By what is told here.
    refunded_minor: i64,
    /// In all, with it.
    total_refunded_minor: i64,
}

impl Back {
    const fn between(before: i64, after: i64) -> Self {
        Self {
            refunded_minor: after - before,
            total_refunded_minor: after,
        }
    }
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
    /// What was paid.
    amount_minor: i64,
    #[serde(flatten)]
    back: Option<Back>,
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

fn line(line: &orders::Line, back: Option<Back>) -> Line<'_> {
    Line {
        product_id: &line.product_id,
        vendor_id: &line.vendor_id,
        name: cut(&line.name, NAME_CHARS_MAX),
        quantity: line.quantity,
        unit_price_minor: line.unit_price_minor,
        net_minor: line.net_minor,
        back,
    }
}

fn money<'a>(payment: &'a Payment, back: Option<Back>, lines: Vec<Line<'a>>) -> Money<'a> {
    Money {
        about: about(payment),
        currency: &payment.amount.currency,
        amount_minor: payment.amount.minor,
        back,
        lines,
    }
}

/// The order is paid; under both shops' names.
pub fn succeeded(payment: &Payment, order: &Order) -> Result<()> {
    let lines = order.lines.iter().map(|sold| line(sold, None)).collect();
    let fact = money(payment, None, lines);
    events::raise("payment.success", &payment.order_id, &fact)?;
    events::raise("payment.completed", &payment.order_id, &fact)
}

/// More of the money that had paid the order went back than the so much of before.
pub fn refunded(payment: &Payment, before_minor: i64, order: &Order) -> Result<()> {
    let (paid, after_minor) = (payment.amount.minor, payment.refunded_minor);
    let before = shares::by_line(&order.lines, paid, before_minor);
    let after = shares::by_line(&order.lines, paid, after_minor);
    let lines = order.lines.iter().zip(before.into_iter().zip(after));
    let lines = lines.map(|(sold, (before, after))| line(sold, Some(Back::between(before, after))));
    let back = Back::between(before_minor, after_minor);
    let fact = money(payment, Some(back), lines.collect());
    let name = if after_minor == paid {
        "payment.refunded"
    } else {
        "payment.partially-refunded"
    };
    events::raise(name, &payment.order_id, &fact)
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
