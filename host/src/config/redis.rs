//! `[redis]`: what several hosts share besides the database.

use std::num::NonZeroU64;
use std::path::PathBuf;

use serde::Deserialize;
use stoa_quota::{InvalidRedisUrl, RedisConfig};

use super::Secret;

/// What the keys of quotas begin with, after the configured prefix.
const QUOTAS: &str = "quota:";

/// What the keys of streams begin with.
const EVENTS: &str = "events:";

/// What the name of the channel begins with on which hosts talk of those who listen.
const LIVE: &str = "live:";

/// What several hosts share besides the database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Where it is, password included.
    url: Secret,
    /// What our keys begin with.
    prefix: String,
    /// Where the certificates are that are trusted in place of the machine's own; empty for the machine's own.
    pub ca_file: PathBuf,
    /// About how many entries a tenant's stream of events keeps.
    pub stream_entries_max: NonZeroU64,
}

impl Redis {
    /// How quotas use it, but for what is in [`Redis::ca_file`]; none when there is no Redis.
    #[must_use]
    pub fn quotas(&self) -> Option<RedisConfig> {
        let is_there = !self.url.is_empty();
        is_there.then(|| RedisConfig::new(self.url.expose(), format!("{}{QUOTAS}", self.prefix)))
    }

    /// How events are told to consumers outside, but for what is in [`Redis::ca_file`]; none when there is no Redis.
    #[must_use]
    pub fn streams(&self) -> Option<RedisConfig> {
        let is_there = !self.url.is_empty();
        is_there.then(|| RedisConfig::new(self.url.expose(), format!("{}{EVENTS}", self.prefix)))
    }

    /// How hosts tell each other of those who listen, but for what is in [`Redis::ca_file`]; none when there is no
    /// Redis.
    #[must_use]
    pub fn live(&self) -> Option<RedisConfig> {
        let is_there = !self.url.is_empty();
        is_there.then(|| RedisConfig::new(self.url.expose(), format!("{}{LIVE}", self.prefix)))
    }

    /// Whether the address can be understood.
    ///
    /// # Errors
    /// [`InvalidRedisUrl`] when it can't.
    pub fn check(&self) -> Result<(), InvalidRedisUrl> {
        self.quotas().map_or(Ok(()), |config| config.check())
    }
}
