//! Who makes organisations.

use serde::{Deserialize, Serialize};

use super::{ORGANIZATIONS, Record};

/// How many organisations an account has made. Its id is the account's.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Founder {
    /// So many, counted so that their bound holds under concurrency.
    pub organizations: u32,
}

impl Record for Founder {
    const COLLECTION: (&'static str, &'static str) = (ORGANIZATIONS, "founders");
}
