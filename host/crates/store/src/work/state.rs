//! What a unit of work remembers: what it read, what it will write, and how to take that back.

use std::collections::HashMap;
use std::sync::Arc;

use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::clock::Millis;
use stoa_kernel::event::{Event, HOST};
use stoa_kernel::limits;
use stoa_kernel::store::{CommitError, StoreError};

use crate::commit::{Plan, Write};
use crate::pages::Hit;
use crate::row::{Committed, Row};
use crate::table::{Key, Table};

/// A document that this request writes.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// What was committed when it was first written.
    pub(super) base: Committed,
    /// What it will be; none if it will be gone.
    pub(super) next: Option<Arc<Row>>,
    /// Later writes have larger turns.
    turn: u64,
}

impl Pending {
    fn bytes(&self) -> usize {
        self.next.as_ref().map_or(0, |row| row.body.len())
    }
}

enum Undo {
    Write(Key, Option<Pending>),
    Event,
}

/// What an answer rests on.
pub(super) struct Reads {
    /// Revisions of the documents that were read by id; none for absence.
    pub(super) documents: Vec<(Key, Option<i64>)>,
    /// Collections that were queried, with their generations.
    pub(super) collections: Vec<(Arc<Table>, u64)>,
    /// When the first of the documents ends.
    pub(super) ends_at: Option<Millis>,
}

/// Whether the commit is to find out what is not new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Presumption {
    #[default]
    Forbidden,
    Allowed,
    /// Something was presumed.
    Made,
}

/// The memory of a unit of work.
#[derive(Default)]
pub(super) struct State {
    /// Revisions of the documents that were read by id; none for absence.
    reads: HashMap<Key, Option<i64>>,
    /// Revisions of the documents that queries found. They count only for those that are written, too.
    seen: HashMap<Key, i64>,
    /// Whether queries found more than is remembered.
    has_forgotten: bool,
    /// Collections that were queried, with their generations from before.
    queried: Vec<(Arc<Table>, u64)>,
    /// When the first of the documents ends that were read by id.
    ends_at: Option<Millis>,
    writes: HashMap<Key, Pending>,
    events: Vec<Event>,
    pub(super) answer: Option<(String, StoredAnswer)>,
    pub(super) handled: Vec<(String, String)>,
    pub(super) presumption: Presumption,
    pub(super) hurries: bool,
    undo: Vec<Undo>,
    /// Of documents that only `undo` still knows.
    undo_bytes: usize,
    /// The turn at the last savepoint: nobody returns to what was written and replaced since.
    saved_turn: u64,
    bytes: usize,
    turn: u64,
    done: bool,
}

impl State {
    /// The request's own write of a document.
    pub(super) fn own(&self, key: &Key) -> Option<Pending> {
        self.writes.get(key).cloned()
    }

    /// The request's own writes of a collection.
    pub(super) fn own_of(&self, table: &Table) -> Vec<(Key, Pending)> {
        let own = self
            .writes
            .iter()
            .filter(|(key, _)| key.table.uid == table.uid);
        own.map(|(key, pending)| (key.clone(), pending.clone()))
            .collect()
    }

    /// Remembers what a read found, for the commit to check.
    pub(super) fn record(&mut self, key: &Key, found: &Committed) -> Result<(), StoreError> {
        if self.reads.contains_key(key) {
            return Ok(());
        }
        if self.reads.len() >= limits::READS_PER_REQUEST_MAX {
            return Err(StoreError::Limit(format!(
                "a request reads at most {} documents",
                limits::READS_PER_REQUEST_MAX
            )));
        }
        let ends_at = found.as_ref().and_then(|row| row.will_end_at());
        self.ends_at = self.ends_at.into_iter().chain(ends_at).min();
        self.reads
            .insert(key.clone(), found.as_ref().map(|row| row.revision));
        Ok(())
    }

    /// Makes a presumption, if that is allowed.
    pub(super) fn presume(&mut self) -> bool {
        let may = self.presumption != Presumption::Forbidden;
        if may {
            self.presumption = Presumption::Made;
        }
        may
    }

    /// Whether the request has neither read nor written the document.
    pub(super) fn is_untouched(&self, key: &Key) -> bool {
        !self.reads.contains_key(key) && !self.writes.contains_key(key)
    }

    /// Whether the first read of the document found something else.
    pub(super) fn was_told_otherwise(&self, key: &Key, found: &Committed) -> bool {
        let found = found.as_ref().map(|row| row.revision);
        self.reads.get(key).is_some_and(|read| *read != found)
    }

    /// Remembers that a collection is about to be queried.
    pub(super) fn query(&mut self, table: &Arc<Table>) {
        if self.queried.iter().all(|(known, _)| known.uid != table.uid) {
            self.queried.push((Arc::clone(table), table.generation()));
        }
    }

    /// Remembers what a query found.
    pub(super) fn see(&mut self, table: &Arc<Table>, hits: &[Hit]) {
        for hit in hits {
            if self.seen.len() >= limits::READS_PER_REQUEST_MAX {
                self.has_forgotten = true;
                return;
            }
            let key = Key {
                table: Arc::clone(table),
                id: Arc::clone(&hit.document.id),
            };
            if !self.writes.contains_key(&key) {
                self.seen.entry(key).or_insert(hit.revision);
            }
        }
    }

    /// Whether a document may be changed. Where queries found more than is remembered, what is written could rest on what the
    /// document no longer is, and nobody would notice.
    pub(super) fn may_change(&self, key: &Key) -> Result<(), StoreError> {
        let is_known = self.seen.contains_key(key) || !self.is_untouched(key);
        if is_known || !self.has_forgotten {
            return Ok(());
        }
        Err(StoreError::Limit(format!(
            "a request whose queries find more than {} documents changes only what it has read by its id",
            limits::READS_PER_REQUEST_MAX
        )))
    }

    /// Writes a document, or removes it.
    pub(super) fn write(
        &mut self,
        key: Key,
        base: Committed,
        next: Option<Arc<Row>>,
    ) -> Result<(), StoreError> {
        let earlier = self.writes.get(&key);
        if earlier.is_none() && self.writes.len() >= limits::WRITES_PER_REQUEST_MAX {
            return Err(StoreError::Limit(format!(
                "a request writes at most {} documents",
                limits::WRITES_PER_REQUEST_MAX
            )));
        }
        let pending = Pending {
            base,
            next,
            turn: self.turn,
        };
        let bytes = self.bytes - earlier.map_or(0, Pending::bytes) + pending.bytes();
        if bytes > limits::WRITE_BYTES_PER_REQUEST_MAX {
            return Err(StoreError::Limit(format!(
                "a request writes at most {} bytes",
                limits::WRITE_BYTES_PER_REQUEST_MAX
            )));
        }
        if earlier.is_some_and(|earlier| earlier.turn >= self.saved_turn) {
            self.writes.insert(key, pending);
        } else {
            let undo_bytes = self.undo_bytes + earlier.map_or(0, Pending::bytes);
            if undo_bytes > limits::UNDO_BYTES_PER_REQUEST_MAX {
                return Err(StoreError::Limit(format!(
                    "a request replaces at most {} bytes of its own writes between calls of other plugins",
                    limits::UNDO_BYTES_PER_REQUEST_MAX
                )));
            }
            self.undo_bytes = undo_bytes;
            let earlier = self.writes.insert(key.clone(), pending);
            self.undo.push(Undo::Write(key, earlier));
        }
        self.bytes = bytes;
        self.turn += 1;
        Ok(())
    }

    /// Adds an event.
    pub(super) fn raise(&mut self, event: Event) -> Result<(), StoreError> {
        let count_max = if event.plugin == HOST {
            limits::HOST_EVENTS_PER_REQUEST_MAX
        } else {
            limits::EVENTS_PER_REQUEST_MAX
        };
        if self.events.len() >= count_max {
            let reason = format!("a request raises at most {count_max} events");
            return Err(StoreError::Limit(reason));
        }
        if event.payload.len() > limits::EVENT_BYTES_MAX {
            return Err(StoreError::Invalid(format!(
                "an event's payload has at most {} bytes",
                limits::EVENT_BYTES_MAX
            )));
        }
        if event.name.len().max(event.key.len()) > limits::EVENT_KEY_BYTES_MAX {
            return Err(StoreError::Invalid(format!(
                "an event's name and key have at most {} bytes",
                limits::EVENT_KEY_BYTES_MAX
            )));
        }
        self.events.push(event);
        self.undo.push(Undo::Event);
        Ok(())
    }

    pub(super) fn savepoint(&mut self) -> usize {
        self.saved_turn = self.turn;
        self.undo.len()
    }

    pub(super) fn rollback_to(&mut self, savepoint: usize) {
        for undo in self.undo.drain(savepoint.min(self.undo.len())..).rev() {
            match undo {
                Undo::Event => {
                    self.events.pop();
                }
                Undo::Write(key, earlier) => {
                    let earlier_bytes = earlier.as_ref().map_or(0, Pending::bytes);
                    self.undo_bytes -= earlier_bytes;
                    self.bytes += earlier_bytes;
                    let undone = match earlier {
                        Some(earlier) => self.writes.insert(key, earlier),
                        None => self.writes.remove(&key),
                    };
                    self.bytes -= undone.as_ref().map_or(0, Pending::bytes);
                }
            }
        }
    }

    /// What there is to commit; none if nothing.
    pub(super) fn plan(&self) -> Result<Option<Plan>, CommitError> {
        let mut writes: Vec<(u64, Write)> = Vec::with_capacity(self.writes.len());
        for (key, pending) in &self.writes {
            let base = pending.base.as_ref().map(|row| row.revision);
            let read_otherwise = self.reads.get(key).is_some_and(|read| *read != base);
            let seen_otherwise = self.seen.get(key).is_some_and(|seen| Some(*seen) != base);
            if read_otherwise || seen_otherwise {
                return Err(CommitError::Conflict);
            }
            if base.is_some() || pending.next.is_some() {
                writes.push((
                    pending.turn,
                    Write {
                        key: key.clone(),
                        base,
                        next: pending.next.clone(),
                    },
                ));
            }
        }
        let is_empty = writes.is_empty()
            && self.events.is_empty()
            && self.answer.is_none()
            && self.handled.is_empty();
        if self.done || is_empty {
            return Ok(None);
        }
        // Removals first, then changes, then additions: so a unique value may pass from one document to another.
        writes.sort_by_key(|(turn, write)| (write.next.is_some(), write.base.is_none(), *turn));
        let writes: Vec<Write> = writes.into_iter().map(|(_, write)| write).collect();
        let is_guard = |key: &Key| {
            self.writes
                .get(key)
                .is_none_or(|own| own.base.is_none() && own.next.is_none())
        };
        let guards = self
            .reads
            .iter()
            .filter(|(key, _)| is_guard(key))
            .map(|(key, read)| (key.clone(), *read))
            .collect();
        Ok(Some(Plan {
            guards,
            writes,
            events: self.events.clone(),
            answer: self.answer.clone(),
            handled: self.handled.clone(),
            hurries: self.hurries,
        }))
    }

    /// What a request that wrote nothing has read, if that is more than one document: a single one is
    /// always a state of affairs.
    pub(super) fn several_reads(&self) -> Vec<(Key, Option<i64>)> {
        if self.done || self.reads.len() < 2 {
            return Vec::new();
        }
        self.reads
            .iter()
            .map(|(key, read)| (key.clone(), *read))
            .collect()
    }

    /// What a request that wrote nothing has read, unless time alone may change it.
    pub(super) fn lasting_reads(&self) -> Option<Reads> {
        let wrote = !self.undo.is_empty() || self.answer.is_some() || !self.handled.is_empty();
        let expires = self.queried.iter().any(|(table, _)| table.may_expire());
        if wrote || expires {
            return None;
        }
        let documents = self.reads.iter();
        Some(Reads {
            documents: documents.map(|(key, read)| (key.clone(), *read)).collect(),
            collections: self.queried.clone(),
            ends_at: self.ends_at,
        })
    }

    /// All is committed.
    pub(super) fn finish(&mut self) {
        self.done = true;
    }
}

impl Pending {
    /// The request's own document, unless it removed it or let it expire.
    pub(super) fn visible(&self, now: Millis) -> Option<&Arc<Row>> {
        crate::row::visible(&self.next, now)
    }
}
