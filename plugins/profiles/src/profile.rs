//! What people say of themselves.

use serde::{Deserialize, Serialize};
use stoa_guest::check;
use stoa_guest::prelude::*;

/// Profiles, by account.
pub const PROFILES: Collection<Profile> = Collection::new("profiles");

/// Bytes of a line.
const LINE_BYTES_MAX: usize = 254;
/// Bytes of what somebody tells of themselves.
const BIO_BYTES_MAX: usize = 2_000;

/// A profile as it is stored. Who somebody is, is the directory's to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    pub fields: Fields,
    pub preferences: PreferencesOf,
    pub created_at: u64,
    pub updated_at: u64,
}

/// What somebody may say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    pub first_name: String,
    pub last_name: String,
    pub avatar: String,
    pub company: String,
    pub phone: String,
    pub bio: String,
    pub website: String,
}

/// What somebody prefers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PreferencesOf {
    newsletter: bool,
    notifications: bool,
    /// A BCP 47 tag such as `en` or `pt-BR`.
    language: String,
    /// ISO 4217.
    currency: String,
    /// `light`, `dark` or `system`.
    theme: String,
}

impl Default for PreferencesOf {
    fn default() -> Self {
        Self {
            newsletter: false,
            notifications: true,
            language: "en".into(),
            currency: "USD".into(),
            theme: "system".into(),
        }
    }
}

/// A profile, for its owner.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileView {
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    name: String,
    role: String,
    first_name: String,
    last_name: String,
    avatar: String,
    company: String,
    phone: String,
    bio: String,
    website: String,
    preferences: PreferencesOf,
    created_at: String,
    updated_at: String,
}

/// What changes; absent members stay as they are.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileChange {
    first_name: Option<String>,
    last_name: Option<String>,
    /// An `https` address or a path on this host.
    avatar: Option<String>,
    company: Option<String>,
    phone: Option<String>,
    bio: Option<String>,
    /// An `https` address.
    website: Option<String>,
    preferences: Option<PreferencesChange>,
}

/// What somebody prefers from now on; absent members stay as they are.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreferencesChange {
    newsletter: Option<bool>,
    notifications: Option<bool>,
    language: Option<String>,
    currency: Option<String>,
    theme: Option<String>,
}

/// Makes the profile of somebody who has just joined, with the name as far as it is known.
pub fn found(user_id: &str, name: &str) -> Result<()> {
    if PROFILES.get(user_id)?.is_none() {
        PROFILES.put(user_id, &fresh(name))?;
    }
    Ok(())
}

fn fresh(name: &str) -> Profile {
    let now = clock::now_ms();
    let (first_name, last_name) = name.trim().split_once(' ').unwrap_or((name.trim(), ""));
    Profile {
        fields: Fields {
            first_name: first_name.into(),
            last_name: last_name.into(),
            ..Fields::default()
        },
        preferences: PreferencesOf::default(),
        created_at: now,
        updated_at: now,
    }
}

pub fn view_profile(caller: Caller) -> Result<Json<ProfileView>> {
    let id = caller.user()?;
    let person = directory::get(id)?;
    // The event that makes it may still be on its way.
    let profile = match PROFILES.get(id)? {
        Some(profile) => profile,
        None => fresh(person.as_ref().map_or("", |person| person.name.as_str())),
    };
    Ok(Json(view(&caller, person, profile)))
}

pub fn change_profile(
    caller: Caller,
    Json(change): Json<ProfileChange>,
) -> Result<Json<ProfileView>> {
    let id = caller.user()?;
    let person = directory::get(id)?;
    let mut profile = match PROFILES.get(id)? {
        Some(profile) => profile,
        None => fresh(person.as_ref().map_or("", |person| person.name.as_str())),
    };
    change.apply(&mut profile)?;
    profile.updated_at = clock::now_ms();
    PROFILES.put(id, &profile)?;
    Ok(Json(view(&caller, person, profile)))
}

fn view(caller: &Caller, person: Option<directory::Person>, profile: Profile) -> ProfileView {
    let Profile {
        fields,
        preferences,
        created_at,
        updated_at,
    } = profile;
    let (name, email) = match person {
        Some(person) => (person.name, Some(person.email)),
        None => (String::new(), caller.email.clone()),
    };
    ProfileView {
        user_id: caller.id.clone(),
        email,
        name,
        role: caller.role.clone(),
        first_name: fields.first_name,
        last_name: fields.last_name,
        avatar: fields.avatar,
        company: fields.company,
        phone: fields.phone,
        bio: fields.bio,
        website: fields.website,
        preferences,
        created_at: clock::rfc3339(created_at),
        updated_at: clock::rfc3339(updated_at),
    }
}

impl ProfileChange {
    fn apply(self, profile: &mut Profile) -> Result<()> {
        let fields = &mut profile.fields;
        for (field, asked, kept, bytes_max) in [
            (
                "firstName",
                self.first_name,
                &mut fields.first_name,
                LINE_BYTES_MAX,
            ),
            (
                "lastName",
                self.last_name,
                &mut fields.last_name,
                LINE_BYTES_MAX,
            ),
            ("avatar", self.avatar, &mut fields.avatar, LINE_BYTES_MAX),
            ("company", self.company, &mut fields.company, LINE_BYTES_MAX),
            ("phone", self.phone, &mut fields.phone, LINE_BYTES_MAX),
            ("bio", self.bio, &mut fields.bio, BIO_BYTES_MAX),
            ("website", self.website, &mut fields.website, LINE_BYTES_MAX),
        ] {
            let Some(asked) = asked else { continue };
            check::within(field, &asked, bytes_max)?;
            *kept = asked;
        }
        let is_https = |address: &str| address.is_empty() || address.starts_with("https://");
        if !is_https(&fields.website) {
            return Err(Problem::invalid("website", "website begins with https://."));
        }
        let is_own = fields.avatar.starts_with('/') && !fields.avatar.starts_with("//");
        if !is_own && !is_https(&fields.avatar) {
            let detail = "avatar is an https address or a path on this host.";
            return Err(Problem::invalid("avatar", detail));
        }
        if let Some(change) = self.preferences {
            profile.preferences = change.apply(profile.preferences.clone()).check()?;
        }
        Ok(())
    }
}

impl PreferencesChange {
    fn apply(self, before: PreferencesOf) -> PreferencesOf {
        PreferencesOf {
            newsletter: self.newsletter.unwrap_or(before.newsletter),
            notifications: self.notifications.unwrap_or(before.notifications),
            language: self.language.unwrap_or(before.language),
            currency: self.currency.unwrap_or(before.currency),
            theme: self.theme.unwrap_or(before.theme),
        }
    }
}

impl PreferencesOf {
    fn check(self) -> Result<Self> {
        let tag = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if self.language.is_empty() || self.language.len() > 35 || !self.language.bytes().all(tag) {
            let field = "preferences.language";
            return Err(Problem::invalid(field, "language is a tag such as pt-BR."));
        }
        if self.currency.len() != 3 || !self.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            let field = "preferences.currency";
            return Err(Problem::invalid(
                field,
                "currency is three capital letters.",
            ));
        }
        if !["light", "dark", "system"].contains(&self.theme.as_str()) {
            let field = "preferences.theme";
            return Err(Problem::invalid(field, "theme is light, dark or system."));
        }
        Ok(self)
    }
}
