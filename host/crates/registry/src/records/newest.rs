//! How many acts there were: what hosts over the same database look at to learn of each other's.

use serde::{Deserialize, Serialize};

use super::Record;

/// The one record's id.
pub const NEWEST: &str = "activation";

/// The number of the newest act of all plugins and scopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// Grows with every act.
    pub number: u64,
}

impl Record for Newest {
    const COLLECTION: &'static str = "newest";
}
