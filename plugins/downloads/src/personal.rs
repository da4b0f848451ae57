//! What somebody may download: told to them, and forgotten whole. That it was bought, the orders remember.

use serde_json::Value;
use stoa_guest::personal_data::{Erased, Forgotten, Kept, forget_some};
use stoa_guest::prelude::*;

use crate::LicenceView;
use crate::licence::LICENCES;

/// Accounts of which nothing is kept any more, whatever arrives late.
pub const FORGOTTEN: Forgotten = Forgotten::new("forgotten");

/// Licences that are removed at once.
const PORTION: u32 = 200;
/// By which the plugin goes on.
const FORGETTING: &str = "downloads.forgetting";

pub fn personal_data(account: &str) -> Result<Value> {
    let own = LICENCES.query().filter(eq("buyer_id", account));
    let kept = Kept::new().list("licences", own.sort_desc("issued_at"), |stored| {
        LicenceView::from(stored.value)
    })?;
    Ok(kept.told())
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    FORGOTTEN.add(account)?;
    let own = LICENCES.query().filter(eq("buyer_id", account));
    let is_more = forget_some(own, PORTION, |stored| {
        LICENCES.delete(&stored.id)?;
        Ok(())
    })?;
    Erased::go_on_if(is_more, FORGETTING, account)
}
