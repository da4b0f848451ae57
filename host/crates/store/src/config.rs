//! What an operator may set of the store.

use std::fmt;
use std::str::FromStr;

/// How the store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// `mem://` for tests, `surrealkv://DIR` for a database on disk.
    pub url: String,
    /// When a commit on disk counts as done.
    pub sync: SyncPolicy,
    /// Bytes of documents kept ready; 0 keeps none.
    pub document_cache_bytes_max: u64,
    /// Pages and aggregates kept ready, counted in pieces of 16 KiB; 0 keeps none.
    pub query_cache_entries_max: u64,
    /// Bytes of disk blocks that the engine keeps.
    pub block_cache_bytes_max: u64,
    /// Bytes of the engine's write buffer. It also bounds one transaction.
    pub memtable_bytes_max: u64,
}

impl Default for StoreConfig {
    /// Sized so that an idle host stays well under 150 MB.
    fn default() -> Self {
        Self {
            url: "surrealkv://data/store".into(),
            sync: SyncPolicy::Every,
            document_cache_bytes_max: 32 << 20,
            query_cache_entries_max: 2_048,
            block_cache_bytes_max: 32 << 20,
            memtable_bytes_max: 32 << 20,
        }
    }
}

impl StoreConfig {
    /// The address as the engine reads it, with the sync policy of a database on disk.
    pub(crate) fn engine_url(&self) -> String {
        if !self.url.starts_with("surrealkv:") {
            return self.url.clone();
        }
        let separator = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{separator}sync={}", self.url, self.sync)
    }
}

/// When a commit on disk counts as done. A killed process loses nothing under any of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SyncPolicy {
    /// After its fsync, which concurrent commits share: acknowledged means durable.
    #[default]
    Every,
    /// Once the operating system has it; a power cut loses what was not yet written. For tests.
    Never,
    /// An fsync every so many milliseconds (more than 100): a power cut loses at most those.
    EveryMs(u32),
}

impl fmt::Display for SyncPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every => f.write_str("every"),
            Self::Never => f.write_str("never"),
            Self::EveryMs(ms) => write!(f, "{ms}ms"),
        }
    }
}

/// Milliseconds that the engine's intervals exceed.
const SHORTEST_SYNC_MS: u32 = 100;

/// The text is no sync policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not every, never or more than 100 milliseconds such as 200ms")]
pub struct InvalidSyncPolicy(String);

impl FromStr for SyncPolicy {
    type Err = InvalidSyncPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidSyncPolicy> {
        let ms = || {
            text.strip_suffix("ms")?
                .parse()
                .ok()
                .filter(|ms| *ms > SHORTEST_SYNC_MS)
        };
        match text {
            "every" => Ok(Self::Every),
            "never" => Ok(Self::Never),
            _ => ms()
                .map(Self::EveryMs)
                .ok_or_else(|| InvalidSyncPolicy(text.to_owned())),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_policy_survives_its_text() {
        for text in ["every", "never", "200ms"] {
            assert_eq!(text.parse::<SyncPolicy>().unwrap().to_string(), text);
        }
        for wrong in ["", "100ms", "200", "-1ms", "sometimes"] {
            assert!(wrong.parse::<SyncPolicy>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_database_on_disk_is_synced() {
        let on_disk = StoreConfig {
            url: "surrealkv:///d?versioned=false".into(),
            ..StoreConfig::default()
        };
        assert_eq!(
            on_disk.engine_url(),
            "surrealkv:///d?versioned=false&sync=every"
        );
        let in_memory = StoreConfig {
            url: "mem://".into(),
            ..StoreConfig::default()
        };
        assert_eq!(in_memory.engine_url(), "mem://");
    }
}
