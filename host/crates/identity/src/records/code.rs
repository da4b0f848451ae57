//! A secret that is good once.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;

use super::{ACCOUNTS, Record};

/// What a secret is good for. One for another purpose is as good as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Shows that an address is theirs, by a link.
    VerifyEmail,
    /// Sets a new password, by a link.
    ResetPassword,
    /// Shows that an address is theirs, by six digits typed into the page that asked.
    OneTimeCode,
}

/// A secret that was sent by mail. A link's id is the SHA-256 (hex) of its token; six digits are too few for
/// that, so their id is the account's, one at a time, and the tries are counted.
#[derive(Clone, Serialize, Deserialize)]
pub struct Code {
    /// What it is good for.
    pub purpose: Purpose,
    /// For whom.
    pub account: String,
    /// SHA-256 (hex) of account, purpose and secret.
    pub secret: String,
    /// Wrong tries so far.
    pub tries: u32,
    /// When it was sent.
    pub created_at: Millis,
    /// When it ends.
    pub ends_at: Millis,
}

impl Record for Code {
    const COLLECTION: (&'static str, &'static str) = (ACCOUNTS, "codes");

    fn expires_at(&self) -> Option<Millis> {
        Some(self.ends_at)
    }
}
