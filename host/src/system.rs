//! The real clock and the real source of randomness, behind the kernel's ports.

use std::time::{SystemTime, UNIX_EPOCH};

use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::random::Random;

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
    }
}

/// The operating system's random numbers.
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, into: &mut [u8]) {
        if let Err(error) = getrandom::fill(into) {
            // Everything secret depends on it: going on without would be worse than stopping.
            tracing::error!(%error, "the operating system gives no random numbers");
            std::process::abort();
        }
    }
}
