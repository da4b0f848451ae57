//! Why a connection ends, as its client is told.

use stoa_kernel::live::End;
use stoa_kernel::random::Random;

/// Milliseconds after which a client may come back at the earliest.
const RETRY_MS_MIN: u32 = 1_000;

/// Milliseconds over which those who lost a stopping host spread, lest the next one meets all of them at once.
const RETRY_SPREAD_MS: u32 = 4_000;

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parting {
    /// It said something that is no message.
    Malformed,
    /// It sent what is no text.
    Binary,
    /// It sent more than a message may have.
    TooLarge,
    /// It sent more than waits to be handled.
    Flood,
    /// Its session or account has ended, or works somewhere else now.
    SessionEnded,
    /// It took too little of what waits for it.
    SlowReader,
    /// It gave no sign of life.
    Silent,
    /// It was open for as long as one may be; it may come back at once.
    Renew,
    /// The host stops.
    Shutdown,
    /// The client went.
    Gone,
}

impl Parting {
    /// The code of a WebSocket's close frame.
    pub(crate) const fn code(self) -> u16 {
        match self {
            Self::Gone => 1000,
            Self::Binary => 1003,
            Self::TooLarge => 1009,
            Self::Shutdown | Self::Renew => 1012,
            Self::Malformed => 4400,
            Self::SessionEnded => 4401,
            Self::SlowReader | Self::Silent => 4408,
            Self::Flood => 4429,
        }
    }

    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Binary => "binary",
            Self::TooLarge => "too-large",
            Self::Flood => "flood",
            Self::SessionEnded => "session-ended",
            Self::SlowReader => "slow-reader",
            Self::Silent => "silent",
            Self::Renew => "renew",
            Self::Shutdown => "shutdown",
            Self::Gone => "gone",
        }
    }

    /// Milliseconds after which it is worth coming back; none where it is not.
    pub(crate) fn retry_ms(self, random: &dyn Random) -> Option<u32> {
        match self {
            Self::SlowReader | Self::Silent | Self::Renew => Some(RETRY_MS_MIN),
            Self::Shutdown => {
                let mut bytes = [0; 4];
                random.fill(&mut bytes);
                Some(RETRY_MS_MIN + u32::from_le_bytes(bytes) % RETRY_SPREAD_MS)
            }
            Self::Malformed
            | Self::Binary
            | Self::TooLarge
            | Self::Flood
            | Self::SessionEnded
            | Self::Gone => None,
        }
    }
}

impl From<End> for Parting {
    fn from(end: End) -> Self {
        match end {
            End::SlowReader => Self::SlowReader,
            End::SessionEnded => Self::SessionEnded,
            End::Shutdown => Self::Shutdown,
        }
    }
}
