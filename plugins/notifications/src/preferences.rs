//! What somebody wants to be told, and how.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};
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

/// What one wants from now on.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreferencesChange {
    /// Kinds that shall come without letters.
    letters_off: BTreeSet<Kind>,
    /// Where text messages shall go, in E.164. Absent, it stays; null, it is forgotten. Another number has to be
    /// verified.
    #[serde(default, deserialize_with = "given")]
    #[schema(as = "Option<String>", max_length = 16, example = "+15005550006")]
    phone: Option<Option<String>>,
    /// Whether news of orders shall come as text messages, too; absent, it stays.
    sms: Option<bool>,
}

/// Tells null, which is a wish, from nothing.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

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
    Json(change): Json<PreferencesChange>,
) -> Result<Json<PreferencesView>> {
    let account = caller.user()?;
    let letters_off = change.letters_off;
    if letters_off.iter().any(|kind| kind.is_essential()) {
        let detail = "Letters about money and decisions can't be turned off.";
        return Err(Problem::unprocessable("lettersOff", detail));
    }
    let letters = Preferences { letters_off };
    PREFERENCES.put(account, &letters)?;
    let phone = change_phone(account, change.phone, change.sms)?;
    Ok(Json(PreferencesView::of(letters, phone.as_ref())))
}

fn change_phone(
    account: &str,
    number: Option<Option<String>>,
    sms: Option<bool>,
) -> Result<Option<Phone>> {
    let before = PHONES.get(account)?;
    let after = match number {
        None => before.clone(),
        Some(None) => None,
        Some(Some(text)) => Some(moved(before.as_ref(), Number::read("phone", &text)?)),
    };
    let Some(mut phone) = after else {
        if sms == Some(true) {
            let detail = "There is no phone to which text messages could go.";
            return Err(Problem::unprocessable("sms", detail));
        }
        if before.is_some() {
            PHONES.delete(account)?;
        }
        return Ok(None);
    };
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
