//! A sign-in that lasts.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;

use super::{ACCOUNTS, Record};
use crate::platform::Ending;

/// A sign-in on one device: the family of its refresh tokens. Gone means ended; access tokens name it (`sid`)
/// and end with it. Its id is a ULID.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// Whose.
    pub account: String,
    /// The organisation that it works in; none before there is one.
    pub tenant: Option<TenantId>,
    /// The account's epoch in which it began or was kept.
    #[serde(default)]
    pub epoch: u32,
    /// SHA-256 (hex) of the family's name, which only its refresh tokens tell; unique.
    pub family: String,
    /// SHA-256 (hex) of the refresh token that is good.
    pub token: String,
    /// SHA-256 (hex) of the one before it, and when it was replaced: two tabs that refresh at once are no theft.
    pub before: Option<(String, Millis)>,
    /// The browser's own name for itself, cut.
    pub user_agent: Option<String>,
    /// Where it was last used from.
    pub address: Option<String>,
    /// When it began.
    pub created_at: Millis,
    /// When a token of it was last refreshed.
    pub used_at: Millis,
    /// When it ends unless it is refreshed before.
    pub ends_at: Millis,
}

impl Record for Session {
    const COLLECTION: (&'static str, &'static str) = (ACCOUNTS, "sessions");

    fn expires_at(&self) -> Option<Millis> {
        Some(self.ends_at)
    }

    fn ending(id: &str) -> Option<Ending> {
        Some(Ending::Session(id.to_owned()))
    }
}
