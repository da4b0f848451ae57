//! The cache of query results. An entry is good as long as no commit has written to its collection.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::Value as Json;
use stoa_kernel::store::Document;

use crate::table::Table;

/// The piece in which results are counted.
const PIECE_BYTES: usize = 16 << 10;

/// Larger results are rare and would push out many small ones.
const RESULT_BYTES_MAX: usize = 512 << 10;

/// A document found by a query, with the revision that it had.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) document: Document,
    pub(crate) revision: i64,
}

/// A page of committed documents.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    pub(crate) hits: Vec<Hit>,
    pub(crate) total: Option<u64>,
    pub(crate) next_cursor: Option<String>,
}

/// What a query or an aggregate answered.
#[derive(Clone)]
pub(crate) enum Found {
    Page(Arc<Hits>),
    Rows(Arc<Vec<Json>>),
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    table: u64,
    text: String,
}

#[derive(Clone)]
struct Entry {
    generation: u64,
    pieces: u64,
    found: Found,
}

#[derive(Clone)]
struct Pieces;

impl Weighter<Question, Entry> for Pieces {
    fn weight(&self, _: &Question, entry: &Entry) -> u64 {
        entry.pieces
    }
}

/// The cache.
pub(crate) struct Pages(Option<Cache<Question, Entry, Pieces>>);

impl Pages {
    pub(crate) fn new(entries_max: u64) -> Self {
        let items = usize::try_from(entries_max).unwrap_or(usize::MAX);
        Self((entries_max > 0).then(|| Cache::with_weighter(items, entries_max, Pieces)))
    }

    /// The answer to a question, if the collection is as it was then.
    pub(crate) fn get(&self, table: &Table, text: &str) -> Option<Found> {
        let cache = self.0.as_ref()?;
        let entry = cache.get(&Question {
            table: table.uid,
            text: text.to_owned(),
        });
        let found = entry
            .filter(|entry| entry.generation == table.generation())
            .map(|entry| entry.found);
        let outcome = if found.is_some() { "hit" } else { "miss" };
        metrics::counter!("store_query_cache_total", "outcome" => outcome).increment(1);
        found
    }

    /// Keeps an answer. `generation` is the collection's from before the database was asked.
    pub(crate) fn put(&self, table: &Table, text: String, generation: u64, found: &Found) {
        let Some(cache) = &self.0 else { return };
        let bytes = text.len() + bytes(found);
        if bytes <= RESULT_BYTES_MAX {
            let pieces = bytes.div_ceil(PIECE_BYTES) as u64;
            cache.insert(
                Question {
                    table: table.uid,
                    text,
                },
                Entry {
                    generation,
                    pieces,
                    found: found.clone(),
                },
            );
        }
    }
}

fn bytes(found: &Found) -> usize {
    match found {
        Found::Page(page) => page
            .hits
            .iter()
            .map(|hit| hit.document.id.len() + hit.document.body.len() + 64)
            .sum(),
        Found::Rows(rows) => rows.len() * 256,
    }
}
