//! A name that somebody has uploaded something under.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;

use super::Record;

/// A plugin. Its id is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plugin {
    /// The account that uploaded the first revision: no other vendor may upload under the name.
    pub owner: String,
    /// The highest version there is.
    pub latest: String,
    /// When the first revision was uploaded.
    pub created_at: Millis,
    /// Whether tenants may know of it: it serves the deployment, or an operator has offered it.
    pub open: bool,
    /// Tenants that have had a version of their own.
    pub tenants: BTreeSet<String>,
}

impl Record for Plugin {
    const COLLECTION: &'static str = "plugins";
}
