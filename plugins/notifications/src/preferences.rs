//! What somebody wants to be told, and how.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_guest::prelude::*;

use crate::kind::Kind;
use crate::notice::{PREFERENCES, Preferences};
use crate::texts::number::Number;
use crate::texts::phone::{PHONES, Phone};
use crate::texts::sending;

/// Which letters one gets, and where text messages go.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesView {
    /// Kinds that come without letters.
    letters_off: BTreeSet<Kind>,
    /// Where text messages go, in E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// Whether the number is shown to be one's own. Before that, nothing but codes goes there.
    phone_verified: bool,
    /// Whether news of orders come as text messages, too.
    sms: bool,
}

/// Members that nobody writes.
const READ_ONLY: &[&str] = &["phoneVerified"];

/// What one wants, whole.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    letters_off: BTreeSet<Kind>,
    phone: Option<String>,
    /// None leaves it to the number, which may go.
    sms: Option<bool>,
}

/// Members to change, named as in `PreferencesView`; those that are not sent stay, null removes one. Another `phone`, in
/// E.164, has to be verified. What can only be read may come along as it was read.
#[derive(Debug, Deserialize, Schema)]
pub struct PreferencesChange(Map<String, Value>);

impl PreferencesView {
    fn of(Preferences { letters_off }: Preferences, phone: Option<&Phone>) -> Self {
        Self {
            letters_off,
            phone: phone.map(|phone| phone.number.as_str().into()),
            phone_verified: phone.is_some_and(|phone| phone.is_verified),
            sms: phone.is_some_and(|phone| phone.is_on),
        }
    }
}

pub fn view_preferences(caller: Caller) -> Result<Json<PreferencesView>> {
    let account = caller.user()?;
    let (letters, phone) = (PREFERENCES.get_or_default(account)?, PHONES.get(account)?);
    Ok(Json(PreferencesView::of(letters, phone.as_ref())))
}

pub fn change_preferences(
    caller: Caller,
    Json(PreferencesChange(change)): Json<PreferencesChange>,
) -> Result<Json<PreferencesView>> {
    let account = caller.user()?;
    let (letters, before) = (PREFERENCES.get_or_default(account)?, PHONES.get(account)?);
    let shown = PreferencesView::of(letters.clone(), before.as_ref());
    let present = Wanted {
        letters_off: letters.letters_off,
        phone: shown.phone.clone(),
        sms: None,
    };
    let wanted = Json::patched_as_read(&present, &shown, READ_ONLY, change)?;
    let letters_off = wanted.letters_off;
    if letters_off.iter().any(|kind| kind.is_essential()) {
        let detail = "Letters about money and decisions can't be turned off.";
        return Err(Problem::unprocessable("lettersOff", detail));
    }
    let letters = Preferences { letters_off };
    PREFERENCES.put(account, &letters)?;
    let phone = change_phone(account, before, wanted.phone, wanted.sms)?;
    Ok(Json(PreferencesView::of(letters, phone.as_ref())))
}

fn change_phone(
    account: &str,
    before: Option<Phone>,
    number: Option<String>,
    sms: Option<bool>,
) -> Result<Option<Phone>> {
    let Some(number) = number else {
        if sms == Some(true) {
            let detail = "There is no phone to which text messages could go.";
            return Err(Problem::unprocessable("sms", detail));
        }
        if before.is_some() {
            PHONES.delete(account)?;
        }
        return Ok(None);
    };
    let mut phone = moved(before.as_ref(), Number::read("phone", &number)?);
    phone.is_on = sms.unwrap_or(phone.is_on);
    sending::welcome(account, &mut phone)?;
    if before.as_ref() != Some(&phone) {
        PHONES.put(account, &phone)?;
    }
    Ok(Some(phone))
}

/// The same phone if the number is the same; else one of which nothing is known but the switch.
fn moved(before: Option<&Phone>, number: Number) -> Phone {
    match before {
        Some(before) if before.number == number => before.clone(),
        before => Phone::new(number, before.is_some_and(|before| before.is_on)),
    }
}
