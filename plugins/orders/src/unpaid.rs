//! How many orders of one buyer may wait for their payment: each of them holds back what others could buy.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::order;
use crate::status::Status;

const BUYERS: Collection<Buyer> = Collection::new("buyers");

/// How many orders somebody has placed that had to be paid. Of two that are placed at once, one meets a conflict
/// here, runs again, and counts the other.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Buyer {
    placed: u64,
}

/// Lets a buyer place one more order that has to be paid, unless too many wait already.
pub fn admit(buyer_id: &str) -> Result<()> {
    let most: i64 = settings::get("unpaid_orders_max").unwrap_or(0);
    let most = u64::try_from(most)
        .map_err(|_| Problem::internal(format!("the setting unpaid_orders_max is {most}")))?;
    if most == 0 {
        return Ok(());
    }
    let waiting = and([
        eq("buyerId", buyer_id),
        eq("status", Status::Pending.word()),
    ]);
    let waiting = order::orders().query().filter(waiting).limit(1);
    if waiting.with_total().run()?.total.unwrap_or_default() >= most {
        let detail = format!("{most} of your orders wait for their payment. Pay or cancel some.");
        return Err(Problem::conflict("too-many-unpaid-orders", detail));
    }
    let mut buyer = BUYERS.get_or_default(buyer_id)?;
    buyer.placed += 1;
    BUYERS.put(buyer_id, &buyer)?;
    Ok(())
}

/// Forgets that somebody has placed orders.
pub fn forget(buyer_id: &str) -> Result<()> {
    BUYERS.delete(buyer_id)?;
    Ok(())
}
