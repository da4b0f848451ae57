//! What is kept about buyers: told to them, and forgotten as far as the books allow. An order stays with its goods and
//! its amounts, and whose it was by an id that names nobody any more; what the buyer has written goes.

use serde_json::Value;
use stoa_guest::personal_data::{Erased, Kept, forget_some};
use stoa_guest::prelude::*;

use crate::order::{self, Order};
use crate::rights::Eyes;
use crate::unpaid;
use crate::view::OrderView;

/// Orders that are changed at once: the largest have a quarter of a megabyte, and one unit of work writes eight.
const PORTION: u32 = 20;
/// By which the plugin goes on.
const FORGETTING: &str = "orders.forgetting";

pub fn personal_data(account: &str) -> Result<Value> {
    let own = order::orders().query().filter(eq("buyerId", account));
    let kept = Kept::new().list("orders", own.sort_desc("createdAt"), |stored| {
        OrderView::of(stored.id, stored.value, &Eyes::All)
    })?;
    Ok(kept.told())
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    unpaid::forget(account)?;
    let known = eq("buyerId", account).and(ne("isErased", true));
    let known = order::orders().query().filter(known);
    let is_more = forget_some(known, PORTION, |stored| {
        nameless(stored.value).save(&stored.id)
    })?;
    Erased::go_on_if(is_more, FORGETTING, account)
}

/// The order without anything that names its buyer.
fn nameless(order: Order) -> Order {
    Order {
        buyer_email: None,
        shipping_address: None,
        billing_address: None,
        notes: None,
        tracking_number: None,
        reason: None,
        is_erased: true,
        ..order
    }
}
