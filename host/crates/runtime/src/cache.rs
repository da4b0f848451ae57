//! The plugins' caches: short-lived copies in memory, changed only by requests that commit.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;

/// A key belongs to a plugin and a tenant; a guest names the last part only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    plugin: Arc<str>,
    tenant: TenantId,
    key: String,
}

impl CacheKey {
    /// The key that `plugin` calls `key` in `tenant`.
    #[must_use]
    pub const fn new(plugin: Arc<str>, tenant: TenantId, key: String) -> Self {
        Self {
            plugin,
            tenant,
            key,
        }
    }

    /// Bytes of its own text.
    const fn bytes(&self) -> usize {
        self.key.len()
    }
}

#[derive(Clone)]
struct Cached {
    value: Bytes,
    expires_at: Millis,
}

#[derive(Clone)]
struct ByBytes;

/// What an entry costs besides its key and value.
const ENTRY_BYTES: usize = 128;

impl Weighter<CacheKey, Cached> for ByBytes {
    fn weight(&self, key: &CacheKey, cached: &Cached) -> u64 {
        (key.key.len() + cached.value.len() + ENTRY_BYTES) as u64
    }
}

/// Stripes over which keys are spread, to notice that a key changed while a request was under way.
const STRIPES: usize = 1024;

/// All plugins' caches.
pub struct PluginCache {
    entries: Cache<CacheKey, Cached, ByBytes>,
    /// Numbers the changes, all keys together.
    clock: AtomicU64,
    /// The number of the last change of any key of the stripe; locked while a key changes.
    stripes: Vec<Mutex<u64>>,
    hasher: RandomState,
}

impl PluginCache {
    /// An empty cache of at most so many bytes.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        /// Guess of an entry's size, by which the cache sizes its tables.
        const ENTRY_BYTES_TYPICAL: u64 = 1024;
        let items = usize::try_from(bytes_max / ENTRY_BYTES_TYPICAL).unwrap_or(usize::MAX);
        Self {
            entries: Cache::with_weighter(items, bytes_max, ByBytes),
            clock: AtomicU64::new(0),
            stripes: (0..STRIPES).map(|_| Mutex::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The copy under a key, unless its time is over.
    fn read(&self, key: &CacheKey, now: Millis) -> Option<Bytes> {
        let cached = self.entries.get(key)?;
        (cached.expires_at > now).then_some(cached.value)
    }

    /// Lets a change of a committed request take effect. `began` is the clock when that request began, and
    /// `wrote` whether it changed any document.
    ///
    /// A request that has only read may have read what another one has changed since, so its value counts
    /// only if nobody touched the key meanwhile. One that wrote is such a change itself.
    fn settle(&self, key: CacheKey, change: Change, began: u64, wrote: bool) {
        let stripe = usize::try_from(self.hasher.hash_one(&key) % STRIPES as u64).unwrap_or(0);
        let Some(last) = self.stripes.get(stripe) else {
            return;
        };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = wrote || matches!(change, Change::Remove);
        match change {
            Change::Set { value, expires_at } if *last <= began => {
                self.entries.insert(key, Cached { value, expires_at });
            }
            Change::Set { .. } if !wrote => {}
            Change::Set { .. } | Change::Remove => {
                self.entries.remove(&key);
            }
        }
        if changes {
            *last = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
        }
    }
}

#[derive(Debug)]
enum Change {
    Set { value: Bytes, expires_at: Millis },
    Remove,
}

#[derive(Debug, Default)]
struct Pending {
    /// What becomes of a key, and by which of the request's changes.
    changes: HashMap<CacheKey, (usize, Change)>,
    count: usize,
    readings: Vec<Reading>,
}

impl Pending {
    fn add(&mut self, key: CacheKey, change: Change) {
        self.changes.insert(key, (self.count, change));
        self.count += 1;
    }
}

/// What a request found under a key of the cache.
#[derive(Debug, Clone)]
pub struct Reading {
    key: CacheKey,
    found: Option<Bytes>,
}

impl Reading {
    /// Bytes that it keeps in memory, whether or not the cache still has them.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.key.bytes() + self.found.as_ref().map_or(0, Bytes::len)
    }

    /// Whether the very same copy, or as before none, is there.
    pub fn holds(&self, cache: &PluginCache, now: Millis) -> bool {
        match (&self.found, cache.read(&self.key, now)) {
            (Some(found), Some(value)) => std::ptr::eq(found.as_ptr(), value.as_ptr()),
            (None, None) => true,
            _ => false,
        }
    }
}

/// What one request has changed; visible to itself at once, to others after [`CacheChanges::apply`].
#[derive(Debug)]
pub struct CacheChanges {
    began: u64,
    pending: Mutex<Pending>,
}

impl CacheChanges {
    /// Of a request that begins now: before it has read anything.
    #[must_use]
    pub fn begin(cache: &PluginCache) -> Self {
        Self {
            began: cache.clock.load(Ordering::SeqCst),
            pending: Mutex::default(),
        }
    }

    fn with<R>(&self, act: impl FnOnce(&mut Pending) -> R) -> R {
        act(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        self.with(|pending| pending.changes.is_empty())
    }

    /// The value as this request sees it.
    pub fn get(&self, cache: &PluginCache, key: &CacheKey, now: Millis) -> Option<Bytes> {
        self.with(|pending| match pending.changes.get(key) {
            Some((_, Change::Set { value, expires_at })) => {
                (*expires_at > now).then(|| value.clone())
            }
            Some((_, Change::Remove)) => None,
            None => {
                let found = cache.read(key, now);
                pending.readings.push(Reading {
                    key: key.clone(),
                    found: found.clone(),
                });
                found
            }
        })
    }

    /// What the request found, if it has changed nothing.
    pub fn readings(&self) -> Option<Vec<Reading>> {
        self.with(|pending| (pending.count == 0).then(|| pending.readings.clone()))
    }

    /// Sets a value once the request commits, unless somebody changed the key since this request began:
    /// what it saw may be older than what they wrote.
    pub fn set(&self, key: CacheKey, value: Bytes, expires_at: Millis) {
        self.with(|pending| pending.add(key, Change::Set { value, expires_at }));
    }

    /// Drops a value once the request commits.
    pub fn remove(&self, key: CacheKey) {
        self.with(|pending| pending.add(key, Change::Remove));
    }

    /// How far the request has come; [`CacheChanges::rollback_to`] returns there.
    pub fn savepoint(&self) -> usize {
        self.with(|pending| pending.count)
    }

    /// What was set since the savepoint rests on writes that are undone: those values must not last.
    /// Dropping a copy too many does no harm.
    pub fn rollback_to(&self, savepoint: usize) {
        self.with(|pending| {
            for (at, change) in pending.changes.values_mut() {
                if *at >= savepoint {
                    *change = Change::Remove;
                }
            }
        });
    }

    /// The request has committed; `wrote` says whether it changed any document.
    pub fn apply(&self, cache: &PluginCache, wrote: bool) {
        self.with(|pending| {
            for (key, (_, change)) in pending.changes.drain() {
                cache.settle(key, change, self.began, wrote);
            }
        });
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn key(tenant: &str) -> CacheKey {
        CacheKey::new(
            "catalog".into(),
            TenantId::parse(tenant).unwrap(),
            "p1".into(),
        )
    }

    fn set(changes: &CacheChanges, value: &'static str) {
        changes.set(key("a"), Bytes::from_static(value.as_bytes()), 100);
    }

    fn seen(cache: &PluginCache) -> Option<Bytes> {
        CacheChanges::begin(cache).get(cache, &key("a"), 0)
    }

    #[test]
    fn a_value_lives_until_its_time_and_belongs_to_one_tenant() {
        let cache = PluginCache::new(1 << 20);
        let changes = CacheChanges::begin(&cache);
        set(&changes, "one");
        changes.apply(&cache, false);
        let reader = CacheChanges::begin(&cache);
        assert_eq!(reader.get(&cache, &key("a"), 99).unwrap(), "one");
        assert!(reader.get(&cache, &key("a"), 100).is_none());
        assert!(reader.get(&cache, &key("b"), 0).is_none());
    }

    #[test]
    fn a_request_sees_its_own_changes_and_others_only_what_committed() {
        let cache = PluginCache::new(1 << 20);
        let changes = CacheChanges::begin(&cache);
        set(&changes, "mine");
        assert_eq!(changes.get(&cache, &key("a"), 0).unwrap(), "mine");
        assert!(seen(&cache).is_none());
        changes.apply(&cache, false);
        assert_eq!(seen(&cache).unwrap(), "mine");
    }

    #[test]
    fn an_old_reading_does_not_come_back_after_a_removal() {
        let cache = PluginCache::new(1 << 20);
        let slow = CacheChanges::begin(&cache);
        let writer = CacheChanges::begin(&cache);
        writer.remove(key("a"));
        writer.apply(&cache, true);
        set(&slow, "stale");
        slow.apply(&cache, false);
        assert!(seen(&cache).is_none());
    }

    #[test]
    fn an_old_reading_does_not_replace_what_a_writer_set() {
        let cache = PluginCache::new(1 << 20);
        let slow = CacheChanges::begin(&cache);
        let writer = CacheChanges::begin(&cache);
        set(&writer, "new");
        writer.apply(&cache, true);
        set(&slow, "stale");
        slow.apply(&cache, false);
        assert_eq!(seen(&cache).unwrap(), "new");
    }

    #[test]
    fn of_two_writers_at_once_neither_leaves_a_value() {
        let cache = PluginCache::new(1 << 20);
        let (one, two) = (CacheChanges::begin(&cache), CacheChanges::begin(&cache));
        set(&one, "one");
        set(&two, "two");
        two.apply(&cache, true);
        one.apply(&cache, true);
        assert!(
            seen(&cache).is_none(),
            "which of them committed last is not known here"
        );
    }

    #[test]
    fn what_rests_on_undone_writes_does_not_last() {
        let cache = PluginCache::new(1 << 20);
        let changes = CacheChanges::begin(&cache);
        let savepoint = changes.savepoint();
        set(&changes, "undone");
        changes.rollback_to(savepoint);
        assert!(changes.get(&cache, &key("a"), 0).is_none());
        changes.apply(&cache, true);
        assert!(seen(&cache).is_none());
    }
}
