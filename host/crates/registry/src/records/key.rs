//! Whose word counts, and whose no longer does.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;

use super::Record;

/// A key that operators trust, besides those of the configuration. Its id is the public key in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Whose it is.
    pub owner: String,
    /// The plugins that it may sign: names, or beginnings that end in `*`.
    pub plugins: BTreeSet<String>,
    /// The operator who added it.
    pub added_by: String,
    /// When.
    pub added_at: Millis,
}

impl Record for Key {
    const COLLECTION: &'static str = "keys";
}

/// A key or a revision that is good no more. Its id is the public key or the digest, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// Why.
    pub reason: String,
    /// The operator who revoked it.
    pub by: String,
    /// When.
    pub at: Millis,
}

impl Record for Revoked {
    const COLLECTION: &'static str = "revoked";
}
