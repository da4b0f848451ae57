//! `[limits]`: how often clients may call.

use std::num::NonZeroU32;

use serde::Deserialize;
use stoa_web::RateLimits;

/// How often clients may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Whether the edge counts at all.
    pub enabled: bool,
    /// Requests a minute of one address.
    pub per_minute: NonZeroU32,
    /// Requests a minute of one address to routes where secrets could be guessed.
    pub sign_in_per_minute: NonZeroU32,
    /// Requests a minute of one address for pictures and downloads.
    pub files_per_minute: NonZeroU32,
    /// Messages a minute of one account by its live connections.
    pub messages_per_minute: NonZeroU32,
    /// Requests a minute of one account without an organisation.
    pub organization_per_minute: NonZeroU32,
}

impl From<&Limits> for RateLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            per_minute: limits.per_minute.get(),
            sign_in_per_minute: limits.sign_in_per_minute.get(),
            files_per_minute: limits.files_per_minute.get(),
            messages_per_minute: limits.messages_per_minute.get(),
            organization_per_minute: limits.organization_per_minute.get(),
        }
    }
}
