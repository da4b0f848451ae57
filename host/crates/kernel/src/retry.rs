//! How long to wait before doing again what a conflict has undone.

use std::time::Duration;

use crate::random::Random;

/// The first pause is at most this long; each further one twice the one before.
const PAUSE_MS_MIN: u64 = 1;

/// No pause is longer: a request waits for its answer meanwhile.
const PAUSE_MS_MAX: u64 = 50;

/// The pause after an attempt, counted from 0. Full jitter: anything between nothing and the bound, so that
/// competitors spread out.
#[must_use]
pub fn pause(attempt: u32, random: &dyn Random) -> Duration {
    let bound_ms = PAUSE_MS_MIN
        .checked_shl(attempt)
        .unwrap_or(PAUSE_MS_MAX)
        .min(PAUSE_MS_MAX);
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    Duration::from_micros(u64::from_le_bytes(bytes) % (bound_ms * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Always the same number.
    struct Constant(u64);

    impl Random for Constant {
        fn fill(&self, into: &mut [u8]) {
            into.copy_from_slice(&self.0.to_le_bytes());
        }
    }

    #[test]
    fn the_bound_doubles_up_to_the_longest_pause() {
        // One less than a multiple of every bound: the longest pause that each allows.
        let longest = |attempt| pause(attempt, &Constant(64 * 50_000 - 1)).as_micros();
        let bounds_ms = [1, 2, 4, 8, 16, 32, 50, 50];
        for (attempt, bound_ms) in (0..).zip(bounds_ms) {
            assert_eq!(longest(attempt), bound_ms * 1_000 - 1, "{attempt}");
        }
        for attempt in [63, 64, u32::MAX] {
            assert_eq!(longest(attempt), 49_999, "{attempt}");
        }
        assert_eq!(pause(3, &Constant(0)), Duration::ZERO);
    }
}
