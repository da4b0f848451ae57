//! What vendors say of themselves, and what of it is taken.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_guest::check::within;
use stoa_guest::prelude::*;

use crate::vendor::Profile;
use crate::view::VendorView;

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 120;
/// Bytes of a description.
const DESCRIPTION_BYTES_MAX: usize = 5_000;
/// Bytes of an address of any kind.
const ADDRESS_BYTES_MAX: usize = 254;

/// Somebody who wants to sell.
#[derive(Debug, Serialize, Deserialize, Schema)]
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

/// Members that nobody writes.
const READ_ONLY: &[&str] = &[
    "averageRating",
    "joinDate",
    "productsCount",
    "reason",
    "revenueByCurrency",
    "status",
    "totalRevenue",
    "userId",
    "vendorId",
    "verified",
];

/// Members to change, named as in `NewVendor`; those that are not sent stay, null removes one. What can only be read may
/// come along as it was read.
#[derive(Debug, Deserialize, Schema)]
pub struct ProfileChange(Map<String, Value>);

impl ProfileChange {
    /// The changed profile, which is `shown` so, if all of it can be taken.
    pub fn apply(self, before: Profile, shown: &VendorView) -> Result<Profile> {
        let before = NewVendor {
            name: before.name,
            description: before.description,
            email: before.email,
            phone: before.phone,
            website: before.website,
            avatar: before.avatar,
        };
        Json::patched_as_read(&before, shown, READ_ONLY, self.0)?.check(None)
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
    // Forms send what was left empty as an empty text.
    for address in [
        &mut profile.email,
        &mut profile.phone,
        &mut profile.website,
        &mut profile.avatar,
    ] {
        address.take_if(|address| address.trim().is_empty());
    }
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
