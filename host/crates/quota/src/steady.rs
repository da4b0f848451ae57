//! A clock that never goes back, made from one that may.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stoa_kernel::clock::Clock;

use crate::rate::Micros;

const MICROS_PER_MS: Micros = 1_000;

/// A reading this much older than another is no race between two threads: the clock was set back.
const STEP_BACK_MS_MIN: u64 = 1_000;

/// Time that only passes. When the clock is set back it goes on from where it was, so that nobody gets a quota
/// twice and nobody has to wait until the clock has caught up.
pub(crate) struct SteadyClock {
    clock: Arc<dyn Clock>,
    /// Milliseconds that the clock was set back by, all in all.
    behind: AtomicU64,
    latest: AtomicU64,
}

impl SteadyClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            behind: AtomicU64::new(0),
            latest: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Micros {
        let behind = self.behind.load(Ordering::Acquire);
        let read = self.clock.now().saturating_add(behind);
        let latest = self.latest.fetch_max(read, Ordering::AcqRel).max(read);
        let back = latest - read;
        if back >= STEP_BACK_MS_MIN {
            // Only one of the threads that see the same step may make up for it.
            let made_up = behind.saturating_add(back);
            let _ =
                self.behind
                    .compare_exchange(behind, made_up, Ordering::AcqRel, Ordering::Relaxed);
        }
        latest.saturating_mul(MICROS_PER_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Set(AtomicU64);

    impl Clock for Set {
        fn now(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn time_passes_at_the_clocks_pace_however_often_it_is_set_back() {
        let clock = Arc::new(Set(AtomicU64::new(50_000_000)));
        let steady = SteadyClock::new(clock.clone());
        let mut expected = 50_000_000;
        for (set_to, passed) in [
            (50_000_400, 400),
            (50_000_399, 0),
            (40_000_000, 0),
            (40_000_500, 500),
            (1_000, 0),
            (2_000, 1_000),
        ] {
            clock.0.store(set_to, Ordering::SeqCst);
            expected += passed;
            assert_eq!(steady.now(), expected * MICROS_PER_MS, "{set_to}");
        }
    }
}
