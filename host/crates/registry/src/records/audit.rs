//! Who did what.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;

use super::Record;

/// An act, written in the commit that did it. Its id is a ULID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// When.
    pub at: Millis,
    /// The account; the registry's own acts have the registry's name.
    pub who: String,
    /// What was done, such as `plugin.upgrade`.
    pub what: String,
    /// In which scope, if in one.
    pub scope: String,
    /// About what: a plugin, a key, a digest.
    pub about: String,
    /// More of it, in words.
    pub detail: String,
}

impl Record for Audit {
    const COLLECTION: &'static str = "audit";
}
