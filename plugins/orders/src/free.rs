//! Orders that cost nothing: paid as soon as they are placed. Nobody charges for them, so the orders say themselves
//! what the payments would have said.

use stoa_guest::prelude::*;

use crate::announce;
use crate::order::Order;
use crate::status::PaymentStatus;

/// Who charges nothing.
pub const PROVIDER: &str = "none";

/// Settles a new order that costs nothing.
pub fn settle(id: &str, order: &mut Order) -> Result<()> {
    if !order.is_free() {
        return Ok(());
    }
    // Named as payments are, by order, provider and number.
    order.pay(id, format!("{id}-{PROVIDER}-1"), None)?;
    announce::paid(id, order)
}

/// Once an order that cost nothing is called off, nothing is owed: no payment will say that it has gone back.
pub fn close(id: &str, order: &mut Order) -> Result<()> {
    if !order.is_free() || !order.is_paid() {
        return Ok(());
    }
    order.payment_status = PaymentStatus::Refunded;
    order.save(id)
}
