//! What is kept about who sells: told to them, and forgotten as far as the books allow. The ledger and the payouts stay
//! under an id that names nobody any more; the vendor goes.

use serde_json::Value;
use stoa_guest::personal_data::{Erased, Kept};
use stoa_guest::prelude::*;

use crate::ledger::JOURNAL;
use crate::payouts::PAYOUTS;
use crate::vendor::{self, VENDORS};
use crate::view::{self, BalanceView, EntryView, PayoutView};
use crate::{balances, shelf};

pub fn personal_data(account: &str) -> Result<Value> {
    let balances = balances(account)?;
    let vendor = match vendor::of(account)? {
        Some(vendor) => {
            let standing = shelf::standing(account)?;
            Some(view::vendor(account, vendor, standing, &balances))
        }
        None => None,
    };
    let balances: Vec<BalanceView> = balances.into_iter().map(Into::into).collect();
    let own = || eq("vendor_id", account);
    let kept = Kept::new()
        .one("vendor", vendor)?
        .one("balances", (!balances.is_empty()).then_some(balances))?
        .list(
            "payouts",
            PAYOUTS.query().filter(own()).sort_desc("requested_at"),
            |stored| PayoutView::of(stored.id, stored.value),
        )?
        .list(
            "entries",
            JOURNAL.query().filter(own()).sort_desc("at"),
            |stored| EntryView::from(stored.value),
        )?;
    Ok(kept.told())
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    if let Some(account) = Erased::of(&event) {
        VENDORS.delete(account)?;
    }
    Ok(())
}
