//! Guesses.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;

use super::{ACCOUNTS, Record};

/// Failed attempts at one address in a row, whether or not there is an account: so nobody learns it from what
/// an attempt costs. Its id is the hex SHA-256 of what was tried and the address.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Attempts {
    /// So many.
    pub failures: u32,
    /// No attempt succeeds before this time.
    pub locked_until: Millis,
    /// When they are forgotten.
    pub ends_at: Millis,
}

impl Record for Attempts {
    const COLLECTION: (&'static str, &'static str) = (ACCOUNTS, "attempts");

    fn expires_at(&self) -> Option<Millis> {
        Some(self.ends_at)
    }
}
