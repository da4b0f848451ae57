//! `[store]`: the database.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};
use stoa_store::SyncPolicy;

/// What begins the address of a database in memory.
const MEMORY: &str = "mem://";
/// What begins the address of a database on disk.
const DISK: &str = "surrealkv://";

/// The database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Where it is.
    #[serde(deserialize_with = "parsed")]
    pub url: Location,
    /// When a write is safe from a power cut.
    #[serde(deserialize_with = "parsed")]
    pub sync: SyncPolicy,
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

/// The text names no database.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not mem:// or surrealkv://DIR")]
pub struct InvalidLocation(String);

impl FromStr for Location {
    type Err = InvalidLocation;

    fn from_str(text: &str) -> Result<Self, InvalidLocation> {
        match text.strip_prefix(DISK) {
            Some("") => Ok(Self::Disk(None)),
            Some(dir) => Ok(Self::Disk(Some(dir.into()))),
            None if text == MEMORY => Ok(Self::Memory),
            None => Err(InvalidLocation(text.to_owned())),
        }
    }
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
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
}
