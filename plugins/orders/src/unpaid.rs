//! How many orders of one buyer may wait for their payment: each of them holds back what others could buy.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::order;
use crate::status::Status;

const BUYERS: Collection<Buyer> = Collection::new("buyers");

/// A bound of how many orders of somebody wait for their payment. It only grows here, as orders are placed; what has
/// been paid or cancelled since is found out when it says that there are too many. Of two orders that are placed at
/// once, one meets a conflict here, runs again, and counts the other.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Buyer {
    #[serde(default = "anything")]
    waiting_at_most: u64,
}

/// What is known of a buyer of whom nothing is written.
const fn anything() -> u64 {
    u64::MAX
}

/// Lets a buyer place one more order that has to be paid, unless too many wait already.
pub fn admit(buyer_id: &str) -> Result<()> {
    let most: i64 = settings::get("unpaid_orders_max").unwrap_or(0);
    let most = u64::try_from(most)
        .map_err(|_| Problem::internal(format!("the setting unpaid_orders_max is {most}")))?;
    // Counted without a bound, too: there may be one tomorrow.
    let most = if most == 0 { u64::MAX } else { most };
    let known = BUYERS
        .get(buyer_id)?
        .map_or(0, |buyer| buyer.waiting_at_most);
    let waiting = if known < most {
        known
    } else {
        waiting(buyer_id)?
    };
    if waiting >= most {
        let detail = format!("{most} of your orders wait for their payment. Pay or cancel some.");
        return Err(Problem::conflict("too-many-unpaid-orders", detail));
    }
    let waiting_at_most = waiting + 1;
    BUYERS.put(buyer_id, &Buyer { waiting_at_most })?;
    Ok(())
}

/// How many orders of somebody wait.
fn waiting(buyer_id: &str) -> Result<u64> {
    let waiting = and([
        eq("buyerId", buyer_id),
        eq("status", Status::Pending.word()),
    ]);
    let waiting = order::orders().query().filter(waiting).limit(1);
    Ok(waiting.with_total().run()?.total.unwrap_or_default())
}

/// Forgets that somebody has placed orders.
pub fn forget(buyer_id: &str) -> Result<()> {
    BUYERS.delete(buyer_id)?;
    Ok(())
}
