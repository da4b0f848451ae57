//! What connections may cost.

use std::num::NonZeroUsize;

/// What waits for one connection at most: a burst of a busy chat. More means that it reads too slowly.
pub const WAITING_MAX: usize = 256;

/// Bytes that wait for one connection at most: thousands of connections that read nothing stay within the host's
/// memory, and the largest message fits many times.
pub const WAITING_BYTES_MAX: usize = 1 << 20;

/// Channels that one connection listens to: all that one page shows, many times over.
pub const CHANNELS_PER_CONNECTION_MAX: usize = 64;

/// Messages of one channel that wait for one before them, at most: as many as may come while it is read from the
/// history.
pub(crate) const HELD_MAX: usize = 256;

/// Milliseconds for which a message waits for the one before it. Two commits that follow each other tell of
/// themselves within far less; after that, the missing one is looked up.
pub(crate) const LATE_MS_MAX: u64 = 100;

/// What one connection costs in what waits, besides texts.
pub(crate) const MESSAGE_BYTES: usize = 64;

/// Connections at the same time.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Of one account.
    pub per_account_max: NonZeroUsize,
    /// Of one tenant.
    pub per_tenant_max: NonZeroUsize,
    /// Of the host.
    pub max: NonZeroUsize,
}
