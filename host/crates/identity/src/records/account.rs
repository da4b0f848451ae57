//! A person.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;

use super::{ACCOUNTS, Record};

/// A person's account: one address, one account, whatever organisations they belong to. Its id is a ULID.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// The address in lower case; unique.
    pub email: String,
    /// How they want to be called.
    pub name: String,
    /// Argon2id in PHC form; none for those who only sign in elsewhere or by code.
    pub password: Option<String>,
    /// Whether the address was shown to be theirs.
    pub verified: bool,
    /// An operator of the platform, outside of every organisation.
    #[serde(default)]
    pub operator: bool,
    /// Suspended accounts can't sign in, and nothing speaks for them.
    #[serde(default)]
    pub suspended: bool,
    /// The organisation that a sign-in leads to: the one used last.
    pub home: Option<TenantId>,
    /// Failed sign-ins in a row.
    #[serde(default)]
    pub failures: u32,
    /// No sign-in is tried before this time.
    #[serde(default)]
    pub locked_until: Millis,
    /// When it was made.
    pub created_at: Millis,
}

impl Record for Account {
    const COLLECTION: (&'static str, &'static str) = (ACCOUNTS, "accounts");
}
