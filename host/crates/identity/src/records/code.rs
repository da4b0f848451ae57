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

impl Purpose {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
            Self::OneTimeCode => "one-time-code",
        }
    }
}

/// Somebody who signs up and becomes an account with the code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// How they want to be called.
    pub name: String,
    /// The part of the name that is the family's.
    pub last_name: Option<String>,
    /// Argon2id in PHC form; none for those who sign in by code.
    pub password: Option<String>,
}

/// A secret that was sent by mail. A link's id is the SHA-256 (hex) of its token; six digits are too few for
/// that, so their id is made from the address, one at a time, and the tries are counted.
#[derive(Clone, Serialize, Deserialize)]
pub struct Code {
    /// What it is good for.
    pub purpose: Purpose,
    /// For whom; empty while there is no account, and no account's id where a request must cost the same for
    /// addresses without one.
    pub account: String,
    /// SHA-256 (hex) of the secret, with address, account and purpose where it is six digits.
    pub secret: String,
    /// Who becomes an account with it.
    #[serde(default)]
    pub pending: Option<Pending>,
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
