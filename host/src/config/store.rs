//! `[store]`: the database.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};

/// What begins the address of a database in memory.
const MEMORY: &str = "mem://";
/// What begins the address of a database on disk.
const DISK: &str = "surrealkv://";
/// The engine takes longer intervals only.
const SHORTEST_SYNC_MS: u32 = 100;

/// The database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Where it is.
    #[serde(deserialize_with = "parsed")]
    pub url: Location,
    /// When a write is safe from a power cut.
    #[serde(deserialize_with = "parsed")]
    pub sync: Sync,
    /// Bytes of documents kept in memory.
    pub document_cache_bytes_max: u64,
    /// Results of queries kept in memory.
    pub query_cache_entries_max: usize,
    /// Bytes that the engine caches.
    pub block_cache_bytes_max: u64,
    /// Bytes of writes that the engine holds before it sorts them to disk.
    pub memtable_bytes_max: u64,
}

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In memory.
    Memory,
    /// In a folder; none means the usual one under `data.dir`.
    Disk(Option<PathBuf>),
}

/// When a write is safe from a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// Before it is acknowledged.
    Every,
    /// When the system likes.
    Never,
    /// Within milliseconds.
    WithinMs(u32),
}

/// A value that is none of those that are possible.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not {1}")]
pub struct Impossible(String, &'static str);

impl FromStr for Location {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        match text.strip_prefix(DISK) {
            Some("") => Ok(Self::Disk(None)),
            Some(dir) => Ok(Self::Disk(Some(dir.into()))),
            None if text == MEMORY => Ok(Self::Memory),
            None => Err(Impossible(text.to_owned(), "mem:// or surrealkv://DIR")),
        }
    }
}

impl FromStr for Sync {
    type Err = Impossible;

    fn from_str(text: &str) -> Result<Self, Impossible> {
        let ms = || {
            text.strip_suffix("ms")?
                .parse()
                .ok()
                .filter(|ms| *ms > SHORTEST_SYNC_MS)
        };
        match text {
            "every" => Ok(Self::Every),
            "never" => Ok(Self::Never),
            _ => ms().map(Self::WithinMs).ok_or_else(|| {
                Impossible(
                    text.to_owned(),
                    "every, never or more than 100 milliseconds such as 200ms",
                )
            }),
        }
    }
}

impl fmt::Display for Sync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every => f.write_str("every"),
            Self::Never => f.write_str("never"),
            Self::WithinMs(ms) => write!(f, "{ms}ms"),
        }
    }
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err = Impossible>>(
    deserializer: D,
) -> Result<T, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!("mem://".parse::<Location>().unwrap(), Location::Memory);
        assert_eq!(
            "surrealkv://".parse::<Location>().unwrap(),
            Location::Disk(None)
        );
        assert_eq!(
            "surrealkv:///var/x".parse::<Location>().unwrap(),
            Location::Disk(Some("/var/x".into()))
        );
        for wrong in ["", "mem", "mem:///x", "rocksdb://x", "data/store"] {
            assert!(wrong.parse::<Location>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sync_survives_its_text() {
        for text in ["every", "never", "200ms"] {
            assert_eq!(text.parse::<Sync>().unwrap().to_string(), text);
        }
        for wrong in ["", "100ms", "200", "-1ms", "sometimes"] {
            assert!(wrong.parse::<Sync>().is_err(), "{wrong}");
        }
    }
}
