//! Calculations over documents.

use serde_json::{Map, Value};

use super::{Filter, StorageError};
use crate::bindings::stoa::storage::storage as wire;
use crate::host::storage as host;

/// Groups of an aggregate when it does not say how many.
const LIMIT_DEFAULT: u32 = 200;

/// A calculation being put together; [`Aggregate::run`] asks the host.
#[derive(Debug, Clone)]
pub struct Aggregate {
    collection: &'static str,
    calculation: wire::Calculation,
}

impl Aggregate {
    pub(super) const fn new(collection: &'static str) -> Self {
        let calculation = wire::Calculation {
            filter: String::new(),
            group_by: Vec::new(),
            compute: Vec::new(),
            limit: LIMIT_DEFAULT,
        };
        Self {
            collection,
            calculation,
        }
    }

    /// Only documents that match.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.calculation.filter = filter.to_json();
        self
    }

    /// One row per value of the field, or per UTC day of it with `day:path`.
    #[must_use]
    pub fn group_by(mut self, key: &str) -> Self {
        self.calculation.group_by.push(key.into());
        self
    }

    /// Adds `count`, `sum:path`, `avg:path`, `min:path` or `max:path` to every row.
    #[must_use]
    pub fn compute(mut self, word: &str) -> Self {
        self.calculation.compute.push(word.into());
        self
    }

    /// At most so many rows, up to 1,000.
    #[must_use]
    pub const fn limit(mut self, limit: u32) -> Self {
        self.calculation.limit = limit;
        self
    }

    /// Asks the host: one object per group, with the group's fields and the computed values by their words.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn run(self) -> Result<Vec<Map<String, Value>>, StorageError> {
        let rows = host::aggregate(self.collection, &self.calculation)?;
        serde_json::from_str(&rows).map_err(|error| StorageError::Malformed(error.to_string()))
    }
}
