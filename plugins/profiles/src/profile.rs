//! What people say of themselves.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_guest::check;
use stoa_guest::prelude::*;

/// Profiles, by account.
pub const PROFILES: Collection<Profile> = Collection::new("profiles");

/// Characters of a line.
const LINE_CHARS_MAX: usize = 254;
/// Characters of what somebody tells of themselves.
const BIO_CHARS_MAX: usize = 2_000;

/// A profile as it is stored. Who somebody is, is the directory's to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    pub fields: Fields,
    pub preferences: PreferencesOf,
    /// Whether the name was changed here. Until then it is the account's, which may be changed elsewhere.
    pub is_renamed: bool,
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

/// Who somebody is, as one shop's clients know it.
#[derive(Debug, Default, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Person {
    first_name: String,
    last_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    avatar: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    company: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    phone: String,
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
    /// What is known of the first five, as one shop's clients know it.
    profile: Person,
    preferences: PreferencesOf,
    created_at: String,
    updated_at: String,
}

/// Members that nobody writes.
const READ_ONLY: &[&str] = &["createdAt", "email", "name", "role", "updatedAt", "userId"];

/// What somebody may write of themselves, whole.
#[derive(Debug, Default, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Written {
    first_name: String,
    last_name: String,
    /// An `https` address or a path on this host.
    avatar: String,
    company: String,
    phone: String,
    bio: String,
    /// An `https` address.
    website: String,
    /// The first five, as one shop's clients know them; each is changed here or there.
    profile: Person,
    preferences: PreferencesOf,
}

/// Members to change, named as in `ProfileView`; those that are not sent stay, null removes one. What can only be read may
/// come along as it was read.
#[derive(Debug, Deserialize, Schema)]
pub struct ProfileChange(Map<String, Value>);

/// Makes the profile of somebody who has just joined, with the name as far as it is known.
pub fn found(user_id: &str, name: &str, first_name: &str) -> Result<()> {
    if PROFILES.get(user_id)?.is_none() {
        PROFILES.put(user_id, &fresh(name, first_name))?;
    }
    Ok(())
}

/// Of somebody with this name, whose first part is the first word unless they said so.
fn fresh(name: &str, first_name: &str) -> Profile {
    let now = clock::now_ms();
    let (name, first_name) = (name.trim(), first_name.trim());
    let said = name
        .strip_prefix(first_name)
        .filter(|_| !first_name.is_empty());
    let (first_name, last_name) = match said {
        Some(rest) => (first_name, rest.trim()),
        None => name.split_once(' ').unwrap_or((name, "")),
    };
    Profile {
        fields: Fields {
            first_name: first_name.into(),
            last_name: last_name.into(),
            ..Fields::default()
        },
        preferences: PreferencesOf::default(),
        is_renamed: false,
        created_at: now,
        updated_at: now,
    }
}

pub fn view_profile(caller: Caller) -> Result<Json<ProfileView>> {
    let person = directory::get(caller.user()?)?;
    let profile = kept(&caller, person.as_ref())?;
    Ok(Json(view(&caller, person.as_ref(), profile)))
}

pub fn change_profile(
    caller: Caller,
    Json(ProfileChange(change)): Json<ProfileChange>,
) -> Result<Json<ProfileView>> {
    let person = directory::get(caller.user()?)?;
    let before = kept(&caller, person.as_ref())?;
    let shown = view(&caller, person.as_ref(), before.clone());
    let written = Written::of(before.clone());
    let written = Json::patched_as_read(&written, &shown, READ_ONLY, change)?;
    let profile = written.checked(&before)?;
    PROFILES.put(&caller.id, &profile)?;
    Ok(Json(view(&caller, person.as_ref(), profile)))
}

/// The caller's profile. The event that makes it may still be on its way.
fn kept(caller: &Caller, person: Option<&directory::Person>) -> Result<Profile> {
    let name = person.map_or("", |person| person.name.as_str());
    Ok(PROFILES.get(&caller.id)?.unwrap_or_else(|| fresh(name, "")))
}

fn view(caller: &Caller, person: Option<&directory::Person>, profile: Profile) -> ProfileView {
    let said = Person::of(&profile.fields);
    let own_name = profile.own_name();
    let Profile {
        fields,
        preferences,
        created_at,
        updated_at,
        ..
    } = profile;
    let (known_as, email) = match person {
        Some(person) => (person.name.as_str(), Some(person.email.clone())),
        None => ("", caller.email.clone()),
    };
    ProfileView {
        user_id: caller.id.clone(),
        email,
        name: own_name.unwrap_or_else(|| known_as.into()),
        role: caller.role.clone(),
        first_name: fields.first_name,
        last_name: fields.last_name,
        avatar: fields.avatar,
        company: fields.company,
        phone: fields.phone,
        bio: fields.bio,
        website: fields.website,
        profile: said,
        preferences,
        created_at: clock::rfc3339(created_at),
        updated_at: clock::rfc3339(updated_at),
    }
}

impl Profile {
    /// The name that somebody has given themselves here.
    fn own_name(&self) -> Option<String> {
        let name = format!("{} {}", self.fields.first_name, self.fields.last_name);
        let name = name.trim();
        (self.is_renamed && !name.is_empty()).then(|| name.into())
    }
}

impl Person {
    fn of(fields: &Fields) -> Self {
        let fields = fields.clone();
        Self {
            first_name: fields.first_name,
            last_name: fields.last_name,
            avatar: fields.avatar,
            company: fields.company,
            phone: fields.phone,
        }
    }
}

impl Written {
    fn of(profile: Profile) -> Self {
        let Profile {
            fields,
            preferences,
            ..
        } = profile;
        Self {
            profile: Person::of(&fields),
            first_name: fields.first_name,
            last_name: fields.last_name,
            avatar: fields.avatar,
            company: fields.company,
            phone: fields.phone,
            bio: fields.bio,
            website: fields.website,
            preferences,
        }
    }

    /// The profile as it is from now on, if all of it can be taken.
    fn checked(self, before: &Profile) -> Result<Profile> {
        let (kept, person) = (&before.fields, self.profile);
        let fields = Fields {
            first_name: either(
                "firstName",
                &kept.first_name,
                self.first_name,
                person.first_name,
            )?,
            last_name: either(
                "lastName",
                &kept.last_name,
                self.last_name,
                person.last_name,
            )?,
            avatar: either("avatar", &kept.avatar, self.avatar, person.avatar)?,
            company: either("company", &kept.company, self.company, person.company)?,
            phone: either("phone", &kept.phone, self.phone, person.phone)?,
            bio: self.bio,
            website: self.website,
        };
        let fields = fields.checked(kept)?;
        let name = |fields: &Fields| (fields.first_name.clone(), fields.last_name.clone());
        Ok(Profile {
            preferences: self.preferences.check()?,
            is_renamed: before.is_renamed || name(&fields) != name(kept),
            fields,
            created_at: before.created_at,
            updated_at: clock::now_ms(),
        })
    }
}

/// What becomes of a member that goes by two names: the one that was changed counts.
fn either(field: &str, before: &str, own: String, in_profile: String) -> Result<String> {
    match (own != before, in_profile != before) {
        (true, true) if own != in_profile => {
            let field = format!("profile.{field}");
            let detail = format!("{field} is something else outside of profile.");
            Err(Problem::invalid(&field, detail))
        }
        (false, true) => Ok(in_profile),
        _ => Ok(own),
    }
}

impl Fields {
    /// The fields, if what differs from before can be taken. A name that the host has told may be as it is.
    fn checked(self, before: &Self) -> Result<Self> {
        let line = |field: &str, asked: String, before: &str| match asked == before {
            true => Ok(asked),
            false => check::optional_line(field, Some(&asked), LINE_CHARS_MAX)
                .map(Option::unwrap_or_default),
        };
        let checked = Self {
            first_name: line("firstName", self.first_name, &before.first_name)?,
            last_name: line("lastName", self.last_name, &before.last_name)?,
            avatar: line("avatar", self.avatar, &before.avatar)?,
            company: line("company", self.company, &before.company)?,
            phone: line("phone", self.phone, &before.phone)?,
            bio: match self.bio == before.bio {
                true => self.bio,
                false => check::prose("bio", &self.bio, BIO_CHARS_MAX)?,
            },
            website: line("website", self.website, &before.website)?,
        };
        let is_https = |address: &str| address.is_empty() || address.starts_with("https://");
        if !is_https(&checked.website) {
            return Err(Problem::invalid("website", "website begins with https://."));
        }
        // Browsers read `//` and `/\` as another host's.
        let path = checked.avatar.strip_prefix('/');
        let is_own = path.is_some_and(|path| !path.starts_with(['/', '\\']));
        if !is_own && !is_https(&checked.avatar) {
            let detail = "avatar is an https address or a path on this host.";
            return Err(Problem::invalid("avatar", detail));
        }
        Ok(checked)
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
