//! When an order is cancelled: what was paid for it goes back, and it is not paid any more.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::payment::{self, Settled, Status};
use crate::tasks::{self, Task};
use crate::{progress, shop};

/// What the orders tell of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cancelled {
    order_id: String,
}

pub fn on_order_cancelled(event: Event<Cancelled>) -> Result<()> {
    let order_id = &event.payload.order_id;
    // Money moves on the orders' own word, not on an event that anybody could raise.
    let is_over = |status: &str| matches!(status, "cancelled" | "refunded");
    let is_cancelled = shop::order(order_id)?.is_some_and(|order| is_over(&order.status));
    if !is_cancelled {
        log::warn!(
            "order {order_id} is not cancelled, whatever {} says",
            event.source
        );
        return Ok(());
    }
    for mut payment in payment::of_order(order_id)? {
        if payment.status < Status::Canceled {
            tasks::give(&payment, Task::Withdraw)?;
        } else if payment.settled == Some(Settled::Paid) {
            progress::give_back(&mut payment, "the order is cancelled")?;
            payment.save()?;
        }
    }
    Ok(())
}
