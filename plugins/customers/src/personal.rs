//! What is known of a customer: told to them, and forgotten whole. What they bought is the orders' to remember.

use serde_json::Value;
use stoa_guest::personal_data::{Erased, Forgotten, Kept};
use stoa_guest::prelude::*;

use crate::customer::CUSTOMERS;
use crate::events::by;
use crate::view::CustomerView;

/// Accounts that are no customers any more, whatever arrives late.
pub const FORGOTTEN: Forgotten = Forgotten::new("forgotten");

pub fn personal_data(account: &str) -> Result<Value> {
    let own = by("accountId", account)?;
    let own = own.map(|(id, customer)| CustomerView::of(id, customer));
    Ok(Kept::new().one("customer", own)?.told())
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    FORGOTTEN.add(account)?;
    // The index of accounts is unique: there is one at most.
    if let Some((id, _)) = by("accountId", account)? {
        CUSTOMERS.delete(&id)?;
    }
    Ok(())
}
