//! Pages of documents.

use serde::de::DeserializeOwned;

use super::collection::read;
use super::{Collection, Filter, StorageError, Stored};
use crate::bindings::stoa::storage::storage as wire;
use crate::host::storage as host;

/// Documents of a page when the query does not say how many.
const LIMIT_DEFAULT: u32 = 20;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The documents.
    pub items: Vec<Stored<T>>,
    /// All matches, when asked for.
    pub total: Option<u64>,
    /// Present when there are more.
    pub next_cursor: Option<String>,
}

/// A query being put together; [`Query::run`] asks the host.
#[derive(Debug)]
pub struct Query<T> {
    collection: Collection<T>,
    selection: wire::Selection,
}

// Derived, this would ask the same of the documents' type.
impl<T> Clone for Query<T> {
    fn clone(&self) -> Self {
        Self {
            collection: self.collection,
            selection: self.selection.clone(),
        }
    }
}

impl<T> Query<T> {
    pub(super) fn new(collection: Collection<T>) -> Self {
        let selection = wire::Selection {
            filter: String::new(),
            sort: Vec::new(),
            limit: LIMIT_DEFAULT,
            offset: 0,
            cursor: None,
            fields: Vec::new(),
            total: false,
        };
        Self {
            collection,
            selection,
        }
    }

    /// Only documents that match.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.selection.filter = filter.to_json();
        self
    }

    fn sort(mut self, path: &str, descending: bool) -> Self {
        self.selection.sort.push(wire::SortKey {
            path: path.into(),
            descending,
        });
        self
    }

    /// Smallest first; at most four keys in all.
    #[must_use]
    pub fn sort_asc(self, path: &str) -> Self {
        self.sort(path, false)
    }

    /// Largest first; at most four keys in all.
    #[must_use]
    pub fn sort_desc(self, path: &str) -> Self {
        self.sort(path, true)
    }

    /// At most so many documents, up to 200.
    #[must_use]
    pub const fn limit(mut self, limit: u32) -> Self {
        self.selection.limit = limit;
        self
    }

    /// Skips so many, up to 10,000.
    #[must_use]
    pub const fn offset(mut self, offset: u32) -> Self {
        self.selection.offset = offset;
        self
    }

    /// Goes on where an earlier page of the same query ended.
    #[must_use]
    pub fn cursor(mut self, cursor: Option<String>) -> Self {
        self.selection.cursor = cursor;
        self
    }

    /// Counts all matches, too.
    #[must_use]
    pub const fn with_total(mut self) -> Self {
        self.selection.total = true;
        self
    }

    /// Only these fields; the type's others need defaults.
    #[must_use]
    pub fn fields(mut self, fields: &[&str]) -> Self {
        self.selection.fields = fields.iter().map(ToString::to_string).collect();
        self
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// Asks the host.
    ///
    /// # Errors
    /// [`StorageError::Invalid`] for a bad cursor or too large an offset, among others.
    pub fn run(self) -> Result<Page<T>, StorageError> {
        let page = host::query(self.collection.name(), &self.selection)?;
        Ok(Page {
            items: page.items.into_iter().map(read).collect::<Result<_, _>>()?,
            total: page.total,
            next_cursor: page.next_cursor,
        })
    }
}
