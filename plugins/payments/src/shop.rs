//! What the orders say.

use stoa_guest::prelude::*;

use crate::orders::{Error, Order, Settled};
use crate::payment::{Payment, Provider};

#[cfg(test)]
use crate::fake_orders as source;
#[cfg(not(test))]
use crate::orders as source;

/// An order; none if there is none.
pub fn order(id: &str) -> Result<Option<Order>> {
    match source::get(id) {
        Ok(order) => Ok(Some(order)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(failed(&error)),
    }
}

/// An order of this buyer. Somebody else's is as good as none.
pub fn own_order(id: &str, buyer_id: &str) -> Result<Order> {
    order(id)?
        .filter(|order| order.buyer_id == buyer_id)
        .ok_or_else(|| Problem::not_found("order"))
}

/// Whom an order is to be paid through; none if it does not say, or names nobody who is known here.
pub fn provider(id: &str) -> Result<Option<Provider>> {
    let word = source::payment_method(id).map_err(|error| failed(&error))?;
    Ok(word.and_then(|word| Provider::from_word(&word)))
}

/// Whether money for it would be taken.
pub fn is_open(order: &Order) -> bool {
    let is_going = !matches!(order.status.as_str(), "cancelled" | "refunded");
    is_going && matches!(order.payment_status.as_str(), "pending" | "failed")
}

/// What an order says to money.
pub enum Verdict {
    Settled(Settled),
    /// It is not what was agreed.
    Strange(String),
}

/// Tells that a payment's money came in, and through whom.
pub fn settle(payment: &Payment) -> Result<Verdict> {
    let (provider, amount) = (payment.provider.word(), &payment.amount);
    match source::settle_through(
        &payment.order_id,
        &payment.id,
        provider,
        amount.minor,
        &amount.currency,
    ) {
        Ok(settled) => Ok(Verdict::Settled(settled)),
        Err(Error::Other(reason)) => Err(failed(&Error::Other(reason))),
        Err(error) => Ok(Verdict::Strange(format!("the order says {error:?}"))),
    }
}

/// Tells that a payment failed.
pub fn payment_failed(order_id: &str, payment_id: &str, reason: &str) -> Result<()> {
    told(
        "payment-failed",
        source::payment_failed(order_id, payment_id, reason),
    )
}

/// Tells that all the money went back.
pub fn refunded(order_id: &str, payment_id: &str) -> Result<()> {
    told("refunded", source::refunded(order_id, payment_id))
}

/// Tells how much of the money has gone back so far.
pub fn refunded_part(order_id: &str, payment_id: &str, minor: i64) -> Result<()> {
    told(
        "refunded-part",
        source::refunded_part(order_id, payment_id, minor),
    )
}

/// An order that wants to know nothing does not undo what happened to the money.
fn told(what: &str, answer: std::result::Result<(), Error>) -> Result<()> {
    match answer {
        Err(Error::Other(reason)) => Err(failed(&Error::Other(reason))),
        Err(error) => {
            log::warn!("{what}: the order says {error:?}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn failed(error: &Error) -> Problem {
    Problem::internal(format!("the orders: {error:?}"))
}
