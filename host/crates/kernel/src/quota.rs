//! The port of quotas: how often somebody may do something.

use async_trait::async_trait;

use crate::id::TenantId;

/// So many calls within so long. Bursts of up to `calls` pass at once; after that the rate is even (GCRA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Calls within the window, at least 1.
    pub calls: u32,
    /// Seconds of the window, at least 1.
    pub window_s: u32,
}

/// What became of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the call may pass.
    pub admitted: bool,
    /// Calls that would pass right now, after this one.
    pub remaining: u32,
    /// Seconds until all of the quota is there again, rounded up (`t` of the `RateLimit` header,
    /// draft-ietf-httpapi-ratelimit-headers-10).
    pub reset_s: u32,
    /// Seconds after which a refused call would pass, rounded up; 0 when it passed.
    pub retry_after_s: u32,
}

/// Counts calls.
#[async_trait]
pub trait Quotas: Send + Sync + 'static {
    /// Counts one call under `key`, such as `sign-in:203.0.113.7`, against `quota`. A refused call costs
    /// nothing. Never fails: what counts for several hosts falls back on this host's own memory.
    async fn take(&self, key: &str, quota: Quota) -> Verdict;
}

/// Knows what an organisation's plan grants.
#[async_trait]
pub trait OrganizationQuota: Send + Sync + 'static {
    /// Requests a minute that the organisation's accounts may make together; none when its plan does not say,
    /// or nobody can tell right now. Asked at every request, so the answer had better be at hand.
    async fn requests_per_minute(&self, tenant: &TenantId) -> Option<u32>;
}
