//! Moving an order along its way by hand.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::cancel;
use crate::order::{Mover, Order};
use crate::rights;
use crate::status::Status;
use crate::text;
use crate::view::OrderView;

/// Characters of a parcel's number.
const TRACKING_CHARS_MAX: usize = 100;

/// What shall become of an order: a status, a tracking number, or both.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Move {
    /// Forward only. `refunded` is the payment's to say.
    pub status: Option<Status>,
    /// By which the buyer finds the parcel; at most 100 characters.
    pub tracking_number: Option<String>,
    /// Why it is cancelled; at most 500 characters.
    pub reason: Option<String>,
}

pub fn move_order(
    caller: Caller,
    Path(id): Path<String>,
    Json(wish): Json<Move>,
) -> Result<Json<OrderView>> {
    let (id, mut order, eyes) = rights::seen(&caller, &id)?;
    let mover = rights::mover(&caller, &order).ok_or_else(rights::missing)?;
    if wish.status.is_none() && wish.tracking_number.is_none() {
        return Err(Problem::invalid(
            "status",
            "Say what shall become of the order.",
        ));
    }
    if let Some(number) = &wish.tracking_number {
        track(&id, &mut order, number)?;
    }
    match wish.status {
        None => {}
        Some(Status::Cancelled) => {
            let Some(by) = rights::canceller(&caller, &order) else {
                let detail = "Other vendors' products are in this order, too.";
                return Err(Problem::forbidden(detail));
            };
            cancel::cancel(&id, &mut order, by, wish.reason.as_deref())?;
        }
        Some(Status::Refunded) => {
            let detail =
                "The payment says when its money went back. Cancel the order to have it sent.";
            return Err(Problem::conflict("wrong-status", detail).with_field("status"));
        }
        // Who moves an unpaid order keeps its stock from coming back: a vendor may do so with their own goods alone.
        Some(_) if mover == Mover::Vendor && order.vendor_ids.len() > 1 && !order.is_paid() => {
            let detail = "Other vendors' products are in this order, and nobody has paid it yet.";
            return Err(Problem::conflict("not-paid", detail).with_field("status"));
        }
        Some(next) => order.step(&id, next, mover)?,
    }
    Ok(Json(OrderView::of(id, order, &eyes)))
}

fn track(id: &str, order: &mut Order, number: &str) -> Result<()> {
    if order.status.is_void() {
        let detail = "Nothing is on its way.";
        return Err(Problem::conflict("wrong-status", detail).with_field("trackingNumber"));
    }
    order.tracking_number = Some(text::line("trackingNumber", number, TRACKING_CHARS_MAX)?);
    order.save(id)
}
