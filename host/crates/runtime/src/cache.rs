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
        Self { plugin, tenant, key }
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

/// Counters over which keys are spread, to notice that a key changed while a request was under way.
const STRIPES: usize = 1024;

/// All plugins' caches.
pub struct PluginCache {
    entries: Cache<CacheKey, Cached, ByBytes>,
    changes: Vec<AtomicU64>,
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
            changes: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    fn changed(&self, key: &CacheKey) -> &AtomicU64 {
        static NONE: AtomicU64 = AtomicU64::new(0);
        let stripe = usize::try_from(self.hasher.hash_one(key)).unwrap_or(0) % STRIPES;
        self.changes.get(stripe).unwrap_or(&NONE)
    }
}

#[derive(Debug)]
enum Change {
    Set { value: Bytes, expires_at: Millis },
    Remove,
}

#[derive(Debug, Default)]
struct Pending {
    changes: HashMap<CacheKey, Change>,
    seen: HashMap<CacheKey, u64>,
}

/// What one request has changed; visible to itself at once, to others after [`CacheChanges::apply`].
#[derive(Debug, Default)]
pub struct CacheChanges {
    pending: Mutex<Pending>,
}

impl CacheChanges {
    fn with<R>(&self, act: impl FnOnce(&mut Pending) -> R) -> R {
        act(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The value as this request sees it.
    pub fn get(&self, cache: &PluginCache, key: CacheKey, now: Millis) -> Option<Bytes> {
        self.with(|pending| match pending.changes.get(&key) {
            Some(Change::Set { value, expires_at }) => (*expires_at > now).then(|| value.clone()),
            Some(Change::Remove) => None,
            None => {
                let version = cache.changed(&key).load(Ordering::Acquire);
                let found = cache.entries.get(&key).filter(|cached| cached.expires_at > now);
                pending.seen.entry(key).or_insert(version);
                found.map(|cached| cached.value)
            }
        })
    }

    /// Sets a value once the request commits, unless somebody changed the key since this request looked:
    /// what it saw may be older than what they wrote.
    pub fn set(&self, cache: &PluginCache, key: CacheKey, value: Bytes, expires_at: Millis) {
        self.with(|pending| {
            let version = cache.changed(&key).load(Ordering::Acquire);
            pending.seen.entry(key.clone()).or_insert(version);
            pending.changes.insert(key, Change::Set { value, expires_at });
        });
    }

    /// Drops a value once the request commits.
    pub fn remove(&self, key: CacheKey) {
        self.with(|pending| pending.changes.insert(key, Change::Remove));
    }

    /// Whether there is nothing to apply.
    pub fn is_empty(&self) -> bool {
        self.with(|pending| pending.changes.is_empty())
    }

    /// The request has committed.
    pub fn apply(&self, cache: &PluginCache) {
        self.with(|pending| {
            for (key, change) in pending.changes.drain() {
                let changed = cache.changed(&key);
                match change {
                    Change::Remove => {
                        changed.fetch_add(1, Ordering::AcqRel);
                        cache.entries.remove(&key);
                    }
                    Change::Set { value, expires_at } => {
                        let seen = pending.seen.get(&key).copied();
                        cache.entries.insert(key.clone(), Cached { value, expires_at });
                        if seen != Some(changed.load(Ordering::Acquire)) {
                            cache.entries.remove(&key);
                        }
                    }
                }
            }
        });
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn key(tenant: &str) -> CacheKey {
        CacheKey::new("catalog".into(), TenantId::parse(tenant).unwrap(), "p1".into())
    }

    fn set(cache: &PluginCache, value: &'static str) {
        let changes = CacheChanges::default();
        changes.set(cache, key("a"), Bytes::from_static(value.as_bytes()), 100);
        changes.apply(cache);
    }

    #[test]
    fn a_value_lives_until_its_time_and_belongs_to_one_tenant() {
        let cache = PluginCache::new(1 << 20);
        set(&cache, "one");
        let reader = CacheChanges::default();
        assert_eq!(reader.get(&cache, key("a"), 99).unwrap(), "one");
        assert!(reader.get(&cache, key("a"), 100).is_none());
        assert!(reader.get(&cache, key("b"), 0).is_none());
    }

    #[test]
    fn a_request_sees_its_own_changes_and_others_only_what_committed() {
        let cache = PluginCache::new(1 << 20);
        let changes = CacheChanges::default();
        changes.set(&cache, key("a"), Bytes::from_static(b"mine"), 100);
        assert_eq!(changes.get(&cache, key("a"), 0).unwrap(), "mine");
        assert!(CacheChanges::default().get(&cache, key("a"), 0).is_none());
        changes.apply(&cache);
        assert_eq!(CacheChanges::default().get(&cache, key("a"), 0).unwrap(), "mine");
    }

    #[test]
    fn an_old_reading_does_not_come_back_after_a_removal() {
        let cache = PluginCache::new(1 << 20);
        let slow = CacheChanges::default();
        assert!(slow.get(&cache, key("a"), 0).is_none());
        let writer = CacheChanges::default();
        writer.remove(key("a"));
        writer.apply(&cache);
        slow.set(&cache, key("a"), Bytes::from_static(b"stale"), 100);
        slow.apply(&cache);
        assert!(CacheChanges::default().get(&cache, key("a"), 0).is_none());
    }
}
