//! Calling an order off: by somebody who may, or because nobody paid. The stock comes back exactly once, since an
//! order is cancelled only once.

use serde::{Deserialize, Serialize};
use stoa_guest::FromRequest as _;
use stoa_guest::prelude::*;

use crate::order::{Mover, Order};
use crate::rights;
use crate::status::Status;
use crate::view::OrderView;
use crate::{announce, free, shelf, text};

/// Characters of why an order is cancelled.
const REASON_CHARS_MAX: usize = 500;

/// Why an order is cancelled.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Cancellation {
    /// At most 500 characters.
    pub reason: Option<String>,
}

/// That an order has waited for its payment long enough.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expiry {
    pub order_id: String,
}

pub fn cancel_order(caller: Caller, request: Request) -> Result<Json<OrderView>> {
    let Path(id) = Path::<String>::from_request(&request)?;
    let (id, mut order, eyes) = rights::seen(&caller, &id)?;
    let wish = if request.body.is_empty() {
        Cancellation::default()
    } else {
        Json::from_request(&request)?.0
    };
    let Some(by) = rights::canceller(&caller, &order) else {
        let detail = "Other vendors' products are in this order, too.";
        return Err(Problem::forbidden(detail));
    };
    let is_kept = order.lines.iter().any(|line| line.handed_over);
    if is_kept && by == Mover::Buyer && !caller.is_admin() {
        let detail = "Something of this order was downloaded; ask the shop to call it off.";
        return Err(Problem::conflict("already-downloaded", detail));
    }
    cancel(&id, &mut order, by, wish.reason.as_deref())?;
    Ok(Json(OrderView::of(id, order, &eyes)))
}

/// An order's time to be paid is over.
pub fn on_expiry(event: Event<Expiry>) -> Result<()> {
    // Only the event that this plugin has put off for itself counts.
    let Some((id, mut order)) = Order::find(&event.payload.order_id)? else {
        return Ok(());
    };
    let is_due = order.expires_at.is_some_and(|at| at <= clock::now_ms());
    if is_due && order.is_unpaid() {
        cancel(
            &id,
            &mut order,
            Mover::Clock,
            Some("It was not paid in time."),
        )?;
    }
    Ok(())
}

/// Calls the order off, if nothing of it was shipped yet.
pub fn cancel(id: &str, order: &mut Order, by: Mover, reason: Option<&str>) -> Result<()> {
    order.reason = text::optional_line("reason", reason, REASON_CHARS_MAX)?;
    order.step(id, Status::Cancelled, by)?;
    give_back(order)?;
    announce::cancelled(id, order)?;
    free::close(id, order)
}

/// Puts back into stock what was taken.
pub fn give_back(order: &Order) -> Result<()> {
    let counted = order.lines.iter().filter(|line| line.counted);
    counted
        .into_iter()
        .try_for_each(|line| shelf::give_back(&line.product_id, line.quantity))
}
