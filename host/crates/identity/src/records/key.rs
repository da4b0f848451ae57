//! A machine's key.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::{ACCOUNTS, Record};
use crate::platform::Ending;

/// An API key of an organisation. Its id is the public part of the key, which names it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Key {
    /// What people call it.
    pub name: String,
    /// The organisation that it works in.
    pub tenant: TenantId,
    /// Who made it; it ends with their membership.
    pub account: String,
    /// What it counts as, at most what its maker is.
    pub role: Role,
    /// Words of [`stoa_kernel::identity::Scopes`].
    pub scopes: Vec<String>,
    /// SHA-256 (hex) of the secret part.
    pub secret: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last used, to the hour.
    pub used_at: Option<Millis>,
    /// When it ends.
    pub ends_at: Option<Millis>,
}

impl Record for Key {
    const COLLECTION: (&'static str, &'static str) = (ACCOUNTS, "keys");

    fn expires_at(&self) -> Option<Millis> {
        self.ends_at
    }

    fn ending(id: &str) -> Option<Ending> {
        Some(Ending::Session(id.to_owned()))
    }
}
