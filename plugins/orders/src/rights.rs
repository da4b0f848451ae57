//! Who may see and move which orders.

use stoa_guest::prelude::*;

use crate::order::{Mover, Order};

/// What of an order somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Eyes {
    All,
    /// The lines of this vendor, and where to send them.
    Vendor(String),
}

/// What the caller may see of the order; none if they may not know of it.
pub fn eyes(caller: &Caller, order: &Order) -> Option<Eyes> {
    if caller.is_admin() || is_buyer(caller, order) {
        Some(Eyes::All)
    } else if is_seller(caller, order) {
        Some(Eyes::Vendor(caller.id.clone()))
    } else {
        None
    }
}

/// An order that the caller may know of. Others' orders look like missing ones.
pub fn seen(caller: &Caller, id: &str) -> Result<(String, Order, Eyes)> {
    let found = Order::find(id)?;
    let seen = found.and_then(|(id, order)| eyes(caller, &order).map(|eyes| (id, order, eyes)));
    seen.ok_or_else(missing)
}

/// There is no such order, or none that the caller may know of.
pub fn missing() -> Problem {
    Problem::not_found("order")
}

/// As whom the caller may move the order forward; none if they may not.
pub fn mover(caller: &Caller, order: &Order) -> Option<Mover> {
    if caller.is_admin() {
        Some(Mover::Admin)
    } else if is_seller(caller, order) {
        Some(Mover::Vendor)
    } else {
        None
    }
}

/// As whom the caller may call the order off. A vendor among others may not: the others still want to sell.
pub fn canceller(caller: &Caller, order: &Order) -> Option<Mover> {
    if is_buyer(caller, order) {
        Some(Mover::Buyer)
    } else if order.vendor_ids.len() > 1 && !caller.is_admin() {
        None
    } else {
        mover(caller, order)
    }
}

fn is_buyer(caller: &Caller, order: &Order) -> bool {
    !caller.id.is_empty() && caller.id == order.buyer_id
}

fn is_seller(caller: &Caller, order: &Order) -> bool {
    caller.is_vendor() && !caller.id.is_empty() && order.is_of_vendor(&caller.id)
}
