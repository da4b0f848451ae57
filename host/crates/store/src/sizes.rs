//! How large a table's documents get, so that no statement reads more of them than fits into memory.
//!
//! The database itself remembers it, in classes: the commit of a document that is larger than any before says so. It
//! happens a few times in the life of a table.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use stoa_kernel::limits::{PAGE_BYTES_MAX, PAGE_LIMIT_MAX};
use stoa_kernel::store::StoreError;
use surrealdb::types::Variables;

use crate::engine::Engine;
use crate::session::Session;
use crate::{encode, names};

/// Documents up to this size are of one class, in bytes: a page of them is one portion.
const SMALL_BYTES_MAX: usize = 16 << 10;

/// Bytes of what one statement reads: by so much a page may be too large.
const PORTION_BYTES_MAX: usize = PAGE_BYTES_MAX / 4;

/// The class of one table's largest document.
#[derive(Debug)]
pub(crate) struct Largest {
    /// No document is larger, in bytes of its JSON.
    bytes: AtomicUsize,
    /// What the database says of it.
    recorded: AtomicUsize,
}

impl Largest {
    /// As the database says; small ones are not worth a word.
    pub(crate) fn new(recorded: Option<usize>) -> Self {
        let recorded = recorded.unwrap_or(SMALL_BYTES_MAX);
        Self {
            bytes: AtomicUsize::new(recorded),
            recorded: AtomicUsize::new(recorded),
        }
    }

    /// Takes note of a document of so many bytes that was found, or may soon be.
    pub(crate) fn expect(&self, bytes: usize) {
        if bytes > SMALL_BYTES_MAX {
            let class = bytes.next_power_of_two();
            self.bytes.fetch_max(class, Ordering::Relaxed);
        }
    }

    /// What the database does not know yet.
    pub(crate) fn unrecorded(&self) -> Option<usize> {
        let bytes = self.bytes.load(Ordering::Relaxed);
        (bytes > self.recorded.load(Ordering::Relaxed)).then_some(bytes)
    }

    /// The database knows it.
    pub(crate) fn record(&self, bytes: usize) {
        self.recorded.fetch_max(bytes, Ordering::Relaxed);
    }

    /// Documents that may be read at once, whatever is read of them.
    pub(crate) fn portion(&self) -> usize {
        (PORTION_BYTES_MAX / self.bytes.load(Ordering::Relaxed).max(1)).max(1)
    }
}

/// What the database says, by table.
pub(crate) async fn read(
    engine: &Engine,
    session: &Session,
) -> Result<HashMap<String, usize>, StoreError> {
    let session = session.clone();
    let text = format!("SELECT VALUE [record::id(id), bytes] FROM {}", names::SIZES);
    let rows = engine.run(async move { session.rows(&text, Variables::new()).await });
    let rows = rows.await??.into_iter().map(encode::decode);
    Ok(rows
        .filter_map(|row| serde_json::from_value(row).ok())
        .collect())
}

const _: () = assert!(PORTION_BYTES_MAX / SMALL_BYTES_MAX > PAGE_LIMIT_MAX as usize);
