//! What somebody was told, which letters they want, and their number: told to them, and forgotten whole.

use serde_json::Value;
use stoa_guest::personal_data::{Erased, Forgotten, Kept, forget_some};
use stoa_guest::prelude::*;

use crate::NoticeView;
use crate::notice::{NOTICES, PREFERENCES};
use crate::texts::phone::{PHONES, Phone};
use crate::texts::quota;

/// Accounts that are told nothing any more, whatever arrives late.
pub const FORGOTTEN: Forgotten = Forgotten::new("forgotten");

/// Notices that are removed at once.
const PORTION: u32 = 200;
/// By which the plugin goes on.
const FORGETTING: &str = "notifications.forgetting";

pub fn personal_data(account: &str) -> Result<Value> {
    let letters_off = PREFERENCES.get(account)?.map(|kept| kept.letters_off);
    let own = NOTICES.query().filter(eq("user_id", account));
    let phone = PHONES.get(account)?;
    let kept = Kept::new()
        .one("lettersOff", letters_off)?
        .one("phone", phone.as_ref().map(Phone::told))?
        .list("notifications", own.sort_desc("at"), |stored| {
            NoticeView::of(stored.id, stored.value)
        })?;
    Ok(kept.told())
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    FORGOTTEN.add(account)?;
    PREFERENCES.delete(account)?;
    PHONES.delete(account)?;
    quota::forget(account)?;
    let own = NOTICES.query().filter(eq("user_id", account));
    let is_more = forget_some(own, PORTION, |stored| {
        NOTICES.delete(&stored.id)?;
        Ok(())
    })?;
    Erased::go_on_if(is_more, FORGETTING, account)
}
