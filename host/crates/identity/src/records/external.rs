//! A sign-in elsewhere.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;

use super::{ACCOUNTS, Record};

/// Who somebody is at another provider (OpenID Connect): found by issuer and subject, never by address. Its id
/// is the hex SHA-256 of `issuer`, a line feed and `subject`.
#[derive(Clone, Serialize, Deserialize)]
pub struct External {
    /// `iss` of the provider.
    pub issuer: String,
    /// `sub` there.
    pub subject: String,
    /// The account here.
    pub account: String,
    /// When the two were joined.
    pub created_at: Millis,
}

impl Record for External {
    const COLLECTION: (&'static str, &'static str) = (ACCOUNTS, "externals");
}
