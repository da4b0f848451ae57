//! Long sequences that belong to a run, a piece a document: they are written at their end and read page by page.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// Bytes of one piece: small enough that several are read within a request's memory.
const CHUNK_BYTES_MAX: usize = 256 << 10;
/// Pieces that are read at once.
const READ_AT_ONCE: u32 = 8;
/// Pieces that one page looks at; a page of what is rare among much may be short.
const READ_MAX: u32 = 200;
/// Bytes of a page's elements; it has one at least.
const PAGE_BYTES_MAX: usize = 1 << 20;

/// A piece. Its elements are counted from 1 on, over all pieces of a set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chunk<T> {
    run_id: String,
    /// Which sequence of the run.
    set: u32,
    /// The number of its first element.
    first: u64,
    items: Vec<T>,
}

/// An element, and how many bytes it counts for.
pub trait Item: Serialize + DeserializeOwned {
    fn bytes(&self) -> usize;
}

/// Part of a sequence.
#[derive(Debug)]
pub struct Part<T> {
    /// Elements with their numbers.
    pub items: Vec<(u64, T)>,
    /// After which number to go on.
    pub after: u64,
    /// Whether there is more by now.
    pub has_more: bool,
}

/// Writes elements behind the `before` ones that are there.
pub fn append<T: Item>(
    into: Collection<Chunk<T>>,
    (run_id, set): (&str, u32),
    before: u64,
    items: Vec<T>,
) -> Result<()> {
    let mut first = before + 1;
    let (mut piece, mut bytes) = (Vec::new(), 0);
    let write = |first: u64, items: Vec<T>| -> Result<u64> {
        let next = first + items.len() as u64;
        let chunk = Chunk {
            run_id: run_id.to_owned(),
            set,
            first,
            items,
        };
        into.create(&format!("{run_id}/{set}/{first}"), &chunk)?;
        Ok(next)
    };
    for item in items {
        if bytes > 0 && bytes + item.bytes() > CHUNK_BYTES_MAX {
            first = write(first, std::mem::take(&mut piece))?;
            bytes = 0;
        }
        bytes += item.bytes();
        piece.push(item);
    }
    if !piece.is_empty() {
        write(first, piece)?;
    }
    Ok(())
}

/// The elements after a number that are wanted, at most `limit`.
pub fn page<T: Item>(
    from: Collection<Chunk<T>>,
    (run_id, set): (&str, u32),
    after: u64,
    limit: usize,
    is_wanted: impl Fn(&T) -> bool,
) -> Result<Part<T>> {
    let mut part = Part {
        items: Vec::new(),
        after,
        has_more: false,
    };
    let (mut bytes, mut read) = (0, 0);
    // The piece that holds the number after `after` begins at it or before.
    let mut start = beginning(from, (run_id, set), after)?;
    loop {
        let of_set = eq("runId", run_id).and(eq("set", set));
        let found = from
            .query()
            .filter(of_set.and(ge("first", start)))
            .sort_asc("first")
            .limit(READ_AT_ONCE)
            .run()?;
        let is_last = found.next_cursor.is_none();
        for chunk in found.items {
            let chunk = chunk.value;
            start = chunk.first + 1;
            for (number, item) in (chunk.first..).zip(chunk.items) {
                if number <= after {
                    continue;
                }
                if is_wanted(&item) {
                    let is_full = part.items.len() >= limit
                        || (bytes > 0 && bytes + item.bytes() > PAGE_BYTES_MAX);
                    if is_full {
                        part.has_more = true;
                        return Ok(part);
                    }
                    bytes += item.bytes();
                    part.items.push((number, item));
                }
                part.after = number;
            }
        }
        read += READ_AT_ONCE;
        if is_last || read >= READ_MAX {
            part.has_more = !is_last;
            return Ok(part);
        }
    }
}

/// Where the piece begins that holds the element after this one.
fn beginning<T: Item>(
    from: Collection<Chunk<T>>,
    (run_id, set): (&str, u32),
    after: u64,
) -> Result<u64> {
    let of_set = eq("runId", run_id).and(eq("set", set));
    let found = from
        .query()
        .filter(of_set.and(le("first", after.saturating_add(1))))
        .sort_desc("first")
        .limit(1)
        .run()?;
    Ok(found.items.first().map_or(0, |chunk| chunk.value.first))
}
