//! What can go wrong while a guest runs, and what the client is told.

use stoa_kernel::error::Problem;
use stoa_wit::Permission;
use wasmtime::{PoolConcurrencyLimitError, Trap};

/// Seconds after which a client should try again when there was no room.
const RETRY_AFTER_S: u32 = 1;

/// Bytes of a trap's description that reach the log: a backtrace of ordinary names.
const TEXT_BYTES_MAX: usize = 4 << 10;

/// Why a call took too long.
pub const LATE: &str = "its time is used up";

/// Why a call took too long whose caller left it hardly any time: the caller's fault.
pub const HURRIED: &str = "its caller left it too little time";

/// Which limit a guest has used up that was passed too many bytes.
pub const BYTES: &str = "bytes passed to and from the host";

/// Which limit that was whose caller had left it hardly any: the caller's fault.
pub const BYTES_TAKEN: &str = "bytes passed to and from the host, which its caller has used up";

/// A guest's fault, or the lack of room for it. The host is fine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The guest broke: unreachable code, memory out of bounds, a malformed value.
    #[error("trap: {0}")]
    Trap(String),
    /// The guest computed or waited for too long.
    #[error("timeout: {0}")]
    Timeout(&'static str),
    /// The guest used up another limit.
    #[error("limit: {0}")]
    Limit(String),
    /// The guest tried what is not granted to it.
    #[error("denied: {0}")]
    Denied(Permission),
    /// It failed too often for this tenant, and is kept from it for so many seconds.
    #[error("quarantined for {0} s")]
    Quarantined(u32),
    /// It has used up what it may use for this tenant, for so many seconds.
    #[error("share: {0}; again in {1} s")]
    Share(&'static str, u32),
    /// No instance is free.
    #[error("busy: {0}")]
    Busy(&'static str),
    /// A plugin that another one calls is not loaded.
    #[error("no plugin provides {0}")]
    NoProvider(String),
    /// The guest's answer makes no sense.
    #[error("invalid output: {0}")]
    InvalidOutput(String),
    /// The store failed under the guest.
    #[error("store: {0}")]
    Store(String),
}

/// Ends a guest from within a host function.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Ended(pub Fault);

impl Fault {
    /// Reads the error with which a call into a guest ended.
    pub fn from_call(error: &wasmtime::Error, memory_refused: bool) -> Self {
        if let Some(Ended(fault)) = error.downcast_ref::<Ended>() {
            return fault.clone();
        }
        if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
            return Self::Busy("no instance slot is free");
        }
        if let Some(Trap::Interrupt) = error.downcast_ref::<Trap>() {
            return Self::Timeout("its computing time is used up");
        }
        let mut text = format!("{error:#}");
        // A guest chooses the names in its backtrace, and their length.
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        if memory_refused {
            return Self::Limit("memory".into());
        }
        if text.contains("fuel allocated for hostcalls") {
            return Self::Limit("bytes passed in one call".into());
        }
        Self::Trap(text)
    }

    /// Whether the guest did it, and nobody else: such faults count against it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        match self {
            Self::Trap(_) => true,
            Self::Limit(which) => which != BYTES_TAKEN,
            Self::Timeout(reason) => *reason != HURRIED,
            _ => false,
        }
    }

    /// The word by which metrics count it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Trap(_) => "trap",
            Self::Timeout(_) => "timeout",
            Self::Limit(_) => "limit",
            Self::Denied(_) => "denied",
            Self::Quarantined(_) => "quarantined",
            Self::Share(..) => "share",
            Self::Busy(_) => "busy",
            Self::NoProvider(_) => "no-provider",
            Self::InvalidOutput(_) => "invalid-output",
            Self::Store(_) => "store",
        }
    }

    /// What the client is told; the reason goes to the log.
    #[must_use]
    pub fn into_problem(self, plugin: &str) -> Problem {
        let reason = format!("plugin {plugin}: {self}");
        match self {
            Self::Trap(_) => Problem::new(502, "plugin-trap", "The plugin behind this path broke."),
            Self::Timeout(_) => Problem::new(
                504,
                "plugin-timeout",
                "The plugin behind this path took too long.",
            ),
            Self::Limit(_) => Problem::new(
                502,
                "plugin-limit",
                "The plugin behind this path used up what it may use.",
            ),
            Self::Denied(_) => Problem::new(
                502,
                "plugin-denied",
                "The plugin behind this path tried what it may not do.",
            ),
            Self::Quarantined(retry_after_s) => Problem {
                retry_after_s: Some(retry_after_s),
                ..Problem::new(
                    503,
                    "plugin-quarantined",
                    "The plugin behind this path failed too often and rests for a while.",
                )
            },
            Self::Share(_, retry_after_s) => Problem {
                retry_after_s: Some(retry_after_s),
                ..Problem::new(
                    429,
                    "plugin-share",
                    "The plugin behind this path has used up its share for now.",
                )
            },
            Self::InvalidOutput(_) => Problem::new(
                502,
                "plugin-invalid-output",
                "The plugin behind this path answered nonsense.",
            ),
            Self::Busy(_) => Problem {
                retry_after_s: Some(RETRY_AFTER_S),
                ..Problem::new(503, "busy", "There is too much to do right now.")
            },
            Self::NoProvider(_) | Self::Store(_) => Problem::unavailable(RETRY_AFTER_S, ""),
        }
        .because(reason)
    }
}
