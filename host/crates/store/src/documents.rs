//! The coherent cache of documents, and the locks that keep it so.
//!
//! This host is the only writer of its database. A commit holds the locks of what it touches from before its
//! script until the cache holds the outcome; a reader that missed may insert what it read only if no commit
//! has published to the same stripe since it began. So what is cached is what is committed, and a version
//! that differs from the cached one is a conflict without asking the database.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::row::Committed;
use crate::table::Key;

/// Documents that happen to share a stripe wait for each other's commits. An order writes ten of them; with 32 orders at a time, one in
/// twenty meets a stripe that another holds by chance. Of 1,024 stripes nearly every one did. They take 4 MiB.
const STRIPES: usize = 65_536;

/// What an entry costs beside its text.
const ENTRY_BYTES: u64 = 256;

/// A parsed document takes about this many times its text.
const PARSED_FACTOR: u64 = 3;

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Committed> for Bytes {
    fn weight(&self, key: &Key, committed: &Committed) -> u64 {
        let body = committed.as_ref().map_or(0, |row| row.body.len());
        ENTRY_BYTES + key.id.len() as u64 + PARSED_FACTOR * body as u64
    }
}

#[derive(Default)]
struct Stripe {
    lock: RwLock<()>,
    /// How often commits have published here.
    published: Mutex<u64>,
}

/// The cache with its stripes.
pub(crate) struct Documents {
    cache: Option<Cache<Key, Committed, Bytes>>,
    stripes: Box<[Stripe]>,
    hasher: RandomState,
}

/// A lock on a stripe, held for its effect alone.
#[expect(dead_code, reason = "the guards are held, not read")]
pub(crate) enum Guard<'a> {
    Read(RwLockReadGuard<'a, ()>),
    Write(RwLockWriteGuard<'a, ()>),
}

/// When a reader began, so that it can tell whether it was overtaken.
pub(crate) struct Ticket {
    stripe: usize,
    published: u64,
}

impl Documents {
    pub(crate) fn new(bytes_max: u64) -> Self {
        let items = usize::try_from(bytes_max / 1_024).unwrap_or(usize::MAX);
        Self {
            cache: (bytes_max > 0).then(|| Cache::with_weighter(items.max(16), bytes_max, Bytes)),
            stripes: (0..STRIPES).map(|_| Stripe::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    /// What is committed, if that is known here.
    pub(crate) fn get(&self, key: &Key) -> Option<Committed> {
        self.cache.as_ref()?.get(key)
    }

    /// To be taken before the database is asked.
    pub(crate) fn ticket(&self, key: &Key) -> Ticket {
        let stripe = self.stripe_of(key);
        Ticket {
            stripe,
            published: self.published(stripe, |published| *published),
        }
    }

    /// Keeps what the database answered, unless a commit has published since the ticket was taken.
    pub(crate) fn fill(&self, ticket: &Ticket, key: Key, committed: Committed) {
        let Some(cache) = &self.cache else { return };
        self.published(ticket.stripe, |published| {
            if *published == ticket.published {
                cache.insert(key, committed);
            }
        });
    }

    /// Keeps what was committed. Only while its stripe is locked for writing.
    pub(crate) fn publish(&self, key: Key, committed: Committed) {
        self.published(self.stripe_of(&key), |published| {
            *published += 1;
            if let Some(cache) = &self.cache {
                cache.insert(key, committed);
            }
        });
    }

    /// Forgets what is not known for certain any more.
    pub(crate) fn forget(&self, key: &Key) {
        self.published(self.stripe_of(key), |published| {
            *published += 1;
            if let Some(cache) = &self.cache {
                cache.remove(key);
            }
        });
    }

    /// Locks what a commit writes and what it only relies on, always in the same order.
    pub(crate) async fn lock<'k>(
        &self,
        writes: impl Iterator<Item = &'k Key>,
        reads: impl Iterator<Item = &'k Key>,
    ) -> Vec<Guard<'_>> {
        // Writes sort before reads of the same stripe, so the stronger lock survives the dedup.
        let mut wanted: Vec<(usize, bool)> =
            writes.map(|key| (self.stripe_of(key), false)).collect();
        wanted.extend(reads.map(|key| (self.stripe_of(key), true)));
        wanted.sort_unstable();
        wanted.dedup_by_key(|(stripe, _)| *stripe);
        let mut guards = Vec::with_capacity(wanted.len());
        for (index, shared) in wanted {
            let Some(stripe) = self.stripes.get(index) else {
                continue;
            };
            guards.push(if shared {
                Guard::Read(stripe.lock.read().await)
            } else {
                Guard::Write(stripe.lock.write().await)
            });
        }
        guards
    }

    fn stripe_of(&self, key: &Key) -> usize {
        // The remainder is below STRIPES.
        usize::try_from(self.hasher.hash_one(key) % STRIPES as u64).unwrap_or_default()
    }

    fn published<T>(&self, stripe: usize, act: impl FnOnce(&mut u64) -> T) -> T {
        let mut detached = 0;
        match self.stripes.get(stripe) {
            Some(stripe) => act(&mut stripe
                .published
                .lock()
                .unwrap_or_else(PoisonError::into_inner)),
            None => act(&mut detached),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;
    use crate::table::Table;
    use serde_json::json;
    use std::sync::Arc;

    fn key(id: &str) -> Key {
        Key {
            table: Arc::new(Table::new(1, "c_a_b".into(), Arc::new([]), None)),
            id: id.into(),
        }
    }

    fn row(revision: i64) -> Committed {
        Some(Arc::new(
            Row::draft(1, Arc::new(json!({})), "{}".into(), None).committed(revision),
        ))
    }

    fn revision(documents: &Documents, key: &Key) -> Option<i64> {
        documents.get(key).flatten().map(|row| row.revision)
    }

    #[test]
    fn an_overtaken_reader_keeps_nothing() {
        let documents = Documents::new(1 << 20);
        let key = key("a");
        let ticket = documents.ticket(&key);
        documents.publish(key.clone(), row(2));
        documents.fill(&ticket, key.clone(), row(1));
        assert_eq!(revision(&documents, &key), Some(2));

        let ticket = documents.ticket(&key);
        documents.forget(&key);
        documents.fill(&ticket, key.clone(), row(1));
        assert!(documents.get(&key).is_none());

        documents.fill(&documents.ticket(&key), key.clone(), row(3));
        assert_eq!(revision(&documents, &key), Some(3));
    }

    #[test]
    fn a_cache_of_no_bytes_keeps_nothing() {
        let documents = Documents::new(0);
        documents.publish(key("a"), row(1));
        assert!(documents.get(&key("a")).is_none());
    }
}
