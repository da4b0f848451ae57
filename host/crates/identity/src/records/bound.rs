//! How many sessions somebody has.

use serde::{Deserialize, Serialize};

use super::{ACCOUNTS, Record};

/// A bound of how many sessions an account has; its id is the account's. It only grows as sessions begin. What has ended since is
/// found out when it says that there are too many: whoever signs in does not look for all that they have. Of two sign-ins at
/// once, one meets a conflict here, runs again, and counts the other.
#[derive(Clone, Serialize, Deserialize)]
pub struct Bound {
    /// No more than so many.
    pub sessions_at_most: usize,
}

impl Record for Bound {
    const COLLECTION: (&'static str, &'static str) = (ACCOUNTS, "bounds");
}
