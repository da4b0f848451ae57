//! What vendors say of themselves, and what of it is taken.

use serde::Deserialize;
use stoa_guest::check::within;
use stoa_guest::prelude::*;

use crate::vendor::Profile;

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 120;
/// Bytes of a description.
const DESCRIPTION_BYTES_MAX: usize = 5_000;
/// Bytes of an address of any kind.
const ADDRESS_BYTES_MAX: usize = 254;

/// Somebody who wants to sell.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewVendor {
    /// The shop's name.
    name: String,
    #[serde(default)]
    description: String,
    /// The account's own if absent.
    email: Option<String>,
    phone: Option<String>,
    /// An `https` address.
    website: Option<String>,
    /// An `https` address or a path on this host.
    avatar: Option<String>,
}

impl NewVendor {
    /// The profile, if all of it can be taken.
    pub fn check(self, email: Option<String>) -> Result<Profile> {
        checked(Profile {
            name: self.name,
            description: self.description,
            email: self.email.or(email),
            phone: self.phone,
            website: self.website,
            avatar: self.avatar,
        })
    }
}

/// What changes; absent members stay as they are.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileChange {
    name: Option<String>,
    description: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    website: Option<String>,
    avatar: Option<String>,
}

impl ProfileChange {
    /// The changed profile, if all of it can be taken.
    pub fn apply(self, before: Profile) -> Result<Profile> {
        checked(Profile {
            name: self.name.unwrap_or(before.name),
            description: self.description.unwrap_or(before.description),
            email: self.email.or(before.email),
            phone: self.phone.or(before.phone),
            website: self.website.or(before.website),
            avatar: self.avatar.or(before.avatar),
        })
    }
}

/// A profile for somebody who sells and has never registered.
pub fn of_vendor_without(caller: &Caller) -> Profile {
    let email = caller.email.clone();
    let name = email.as_deref().and_then(|email| email.split('@').next());
    Profile {
        name: name.unwrap_or("Vendor").into(),
        email,
        ..Profile::default()
    }
}

fn checked(mut profile: Profile) -> Result<Profile> {
    profile.name = profile.name.trim().into();
    within("name", &profile.name, NAME_BYTES_MAX)?;
    if profile.name.is_empty() {
        return Err(Problem::invalid("name", "name is empty."));
    }
    within("description", &profile.description, DESCRIPTION_BYTES_MAX)?;
    let addresses = [
        ("email", &profile.email),
        ("phone", &profile.phone),
        ("website", &profile.website),
        ("avatar", &profile.avatar),
    ];
    for (field, value) in addresses {
        within(
            field,
            value.as_deref().unwrap_or_default(),
            ADDRESS_BYTES_MAX,
        )?;
    }
    if profile
        .email
        .as_deref()
        .is_some_and(|email| !is_email(email))
    {
        return Err(Problem::invalid("email", "email is no address."));
    }
    let https = |address: &str| address.starts_with("https://");
    if profile
        .website
        .as_deref()
        .is_some_and(|address| !https(address))
    {
        return Err(Problem::invalid("website", "website begins with https://."));
    }
    let shown =
        |address: &str| https(address) || (address.starts_with('/') && !address.starts_with("//"));
    if profile
        .avatar
        .as_deref()
        .is_some_and(|address| !shown(address))
    {
        let detail = "avatar is an https address or a path on this host.";
        return Err(Problem::invalid("avatar", detail));
    }
    Ok(profile)
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}
