//! What other plugins ask and tell of orders. They answer for who may ask.

use serde::Deserialize;
use serde_json::Value;
use stoa_guest::Window;
use stoa_guest::prelude::*;
use stoa_guest::text::cut;

use crate::order::{self, Line, Mover, Order, PaymentMethod};
use crate::provided::orders as wire;
use crate::status::{PaymentStatus, Status};
use crate::{cancel, listing};

/// Characters of why a payment failed.
const FAILURE_CHARS_MAX: usize = 500;
/// Groups of sums: eight statuses in more currencies than a shop has.
const GROUPS_MAX: u32 = 1_000;

impl wire::Guest for crate::Plugin {
    fn get(id: String) -> Result<wire::Order, wire::Error> {
        found(&id).map(|(id, order)| told(id, order))
    }

    fn list(choice: wire::Choice) -> Result<wire::Page, wire::Error> {
        if choice.offset > Window::OFFSET_MAX {
            let detail = format!("more than {} to skip", Window::OFFSET_MAX);
            return Err(wire::Error::Invalid(detail));
        }
        let window = Window::nearest(choice.limit, choice.offset);
        let status = match &choice.status {
            None => None,
            Some(word) => Some(
                Status::from_word(word)
                    .ok_or_else(|| wire::Error::Invalid(format!("{word:?} is no status")))?,
            ),
        };
        let (orders, total) = match (&choice.buyer_id, &choice.vendor_id) {
            (None, Some(vendor)) => {
                let found = listing::of_vendor(vendor, status, choice.since_ms, &window);
                let (orders, total, _) = found.map_err(failed)?;
                (orders, total)
            }
            _ => chosen(&choice, status, &window).map_err(failed)?,
        };
        Ok(wire::Page {
            orders: orders
                .into_iter()
                .map(|(id, order)| told(id, order))
                .collect(),
            total: u32::try_from(total).unwrap_or(u32::MAX),
        })
    }

    fn totals(
        buyer_id: Option<String>,
        since_ms: Option<u64>,
    ) -> Result<Vec<wire::Total>, wire::Error> {
        let filters = [
            buyer_id.map(|buyer| eq("buyerId", buyer)),
            since_ms.map(|since| ge("createdAt", since)),
        ];
        let rows = order::orders()
            .aggregate()
            .filter(and(filters.into_iter().flatten()))
            .group_by("status")
            .group_by("currency")
            .compute("count")
            .compute("sum:totalMinor")
            .compute("sum:refundedMinor")
            .limit(GROUPS_MAX)
            .run()
            .map_err(|error| failed(error.into()))?;
        let rows = rows.into_iter().map(Value::Object).collect();
        let rows: Vec<Sum> =
            serde_json::from_value(rows).map_err(|error| wire::Error::Other(error.to_string()))?;
        let total = |row: Sum| wire::Total {
            status: row.status,
            currency: row.currency,
            orders: row.count,
            total_minor: row.total_minor.saturating_sub(row.refunded_minor),
        };
        Ok(rows.into_iter().map(total).collect())
    }

    fn bought(buyer_id: String, product_id: String) -> Result<Option<wire::Order>, wire::Error> {
        // A cancelled order counts no more, though its money may be on its way back.
        let wanted = and([
            eq("buyerId", buyer_id),
            eq("paymentStatus", PaymentStatus::Paid.word()),
            ne("status", Status::Cancelled.word()),
            contains("productIds", product_id),
        ]);
        let query = order::orders().query().filter(wanted);
        let page = query.sort_desc("createdAt").limit(1).run();
        let newest = page
            .map_err(|error| failed(error.into()))?
            .items
            .into_iter()
            .next();
        Ok(newest.map(|found| told(found.id, found.value)))
    }

    fn settle(
        id: String,
        payment_id: String,
        amount_minor: i64,
        currency: String,
    ) -> Result<wire::Settled, wire::Error> {
        settled(&id, payment_id, None, &Money::new(amount_minor, currency))
    }

    fn payment_failed(id: String, _payment_id: String, reason: String) -> Result<(), wire::Error> {
        let (id, mut order) = found(&id)?;
        let is_open = matches!(
            order.payment_status,
            PaymentStatus::Pending | PaymentStatus::Failed
        );
        if !is_open || order.status.is_void() {
            return Ok(());
        }
        order.payment_status = PaymentStatus::Failed;
        order.payment_failure = Some(cut(&reason, FAILURE_CHARS_MAX));
        order.save(&id).map_err(failed)
    }

    fn refunded(id: String, payment_id: String) -> Result<(), wire::Error> {
        let (id, mut order) = found(&id)?;
        // The money of a payment that the order has refused is not the order's.
        if !order.is_paid() || order.payment_id.as_ref() != Some(&payment_id) {
            return Ok(());
        }
        order.refunded_minor = order.total_minor;
        let gone_back = if order.status == Status::Cancelled {
            order.payment_status = PaymentStatus::Refunded;
            order.save(&id)
        } else {
            returned(&id, &mut order)
        };
        gone_back.map_err(failed)
    }

    fn refunded_part(
        id: String,
        payment_id: String,
        refunded_minor: i64,
    ) -> Result<(), wire::Error> {
        let (id, mut order) = found(&id)?;
        if !(1..order.total_minor).contains(&refunded_minor) {
            let detail = format!("{refunded_minor} is no part of {}", order.total_minor);
            return Err(wire::Error::Invalid(detail));
        }
        let is_its_own = order.is_paid() && order.payment_id.as_ref() == Some(&payment_id);
        if !is_its_own || refunded_minor <= order.refunded_minor {
            return Ok(());
        }
        order.refunded_minor = refunded_minor;
        order.save(&id).map_err(failed)
    }

    fn payment_method(id: String) -> Result<Option<String>, wire::Error> {
        let (_, order) = found(&id)?;
        Ok(order.payment_method.map(|method| method.word().into()))
    }

    fn settle_through(
        id: String,
        payment_id: String,
        provider: String,
        amount_minor: i64,
        currency: String,
    ) -> Result<wire::Settled, wire::Error> {
        let method = PaymentMethod::from_word(&provider);
        settled(&id, payment_id, method, &Money::new(amount_minor, currency))
    }

    fn handed_over(id: String, product_id: String) -> Result<(), wire::Error> {
        let (id, mut order) = found(&id)?;
        let mut lines = order.lines.iter_mut();
        let line = lines.find(|line| line.product_id == product_id);
        let line = line.ok_or(wire::Error::NotFound)?;
        if std::mem::replace(&mut line.handed_over, true) {
            return Ok(());
        }
        order.save(&id).map_err(failed)
    }
}

/// Money came in for an order, and if it is known, through whom.
fn settled(
    id: &str,
    payment_id: String,
    method: Option<PaymentMethod>,
    amount: &Money,
) -> Result<wire::Settled, wire::Error> {
    let (id, mut order) = found(id)?;
    let was_paid = matches!(
        order.payment_status,
        PaymentStatus::Paid | PaymentStatus::Refunded
    );
    if was_paid && order.payment_id.as_ref() == Some(&payment_id) {
        return Ok(wire::Settled::Already);
    }
    // Before the amount is looked at: whatever it is, it has to go back.
    if was_paid || order.status.is_void() {
        return Ok(wire::Settled::Refused);
    }
    if amount.minor != order.total_minor || amount.currency != order.currency {
        return Err(wire::Error::AmountDiffers);
    }
    order.pay(&id, payment_id, method).map_err(failed)?;
    Ok(wire::Settled::Paid)
}

/// The money of an order went back that nobody had called off.
fn returned(id: &str, order: &mut Order) -> Result<()> {
    let was_here = order.status.is_before_shipping();
    order.step(id, Status::Refunded, Mover::Payment)?;
    order.payment_status = PaymentStatus::Refunded;
    order.save(id)?;
    // What was sent out comes back by other ways, if it does.
    match was_here {
        true => cancel::give_back(order),
        false => Ok(()),
    }
}

/// A row of sums.
#[derive(Deserialize)]
struct Sum {
    status: String,
    currency: String,
    count: u32,
    #[serde(rename = "sum:totalMinor")]
    total_minor: i64,
    #[serde(rename = "sum:refundedMinor")]
    refunded_minor: i64,
}

/// Orders that match, and how many there are.
fn chosen(
    choice: &wire::Choice,
    status: Option<Status>,
    window: &Window,
) -> Result<(Vec<(String, Order)>, u64)> {
    let filters = [
        choice.buyer_id.as_deref().map(|buyer| eq("buyerId", buyer)),
        choice
            .vendor_id
            .as_deref()
            .map(|vendor| contains("vendorIds", vendor)),
        status.map(|status| eq("status", status.word())),
        choice.since_ms.map(|since| ge("createdAt", since)),
    ];
    let chosen = order::orders()
        .query()
        .filter(and(filters.into_iter().flatten()));
    let page = window.page(chosen.sort_desc("createdAt").with_total())?;
    let orders = page.items.into_iter().map(|found| (found.id, found.value));
    Ok((orders.collect(), page.total.unwrap_or_default()))
}

fn found(id: &str) -> Result<(String, Order), wire::Error> {
    Order::find(id)
        .map_err(failed)?
        .ok_or(wire::Error::NotFound)
}

fn failed(problem: Problem) -> wire::Error {
    wire::Error::Other(problem.to_string())
}

fn told(id: String, order: Order) -> wire::Order {
    let line = |line: Line| wire::Line {
        product_id: line.product_id,
        vendor_id: line.vendor_id,
        name: line.name,
        quantity: line.quantity,
        unit_price_minor: line.unit_price_minor,
        net_minor: line.net_minor,
    };
    wire::Order {
        id,
        number: order.number,
        buyer_id: order.buyer_id,
        buyer_email: order.buyer_email,
        status: order.status.word().into(),
        payment_status: order.payment_status.word().into(),
        currency: order.currency,
        subtotal_minor: order.subtotal_minor,
        discount_minor: order.discount_minor,
        shipping_minor: order.shipping_minor,
        tax_minor: order.tax_minor,
        total_minor: order.total_minor,
        lines: order.lines.into_iter().map(line).collect(),
        payment_id: order.payment_id,
        created_at_ms: order.created_at,
    }
}
