//! The arithmetic of the generic cell rate algorithm, in microseconds.

use stoa_kernel::quota::{Quota, Verdict};

/// Microseconds.
pub(crate) type Micros = u64;

pub(crate) const MICROS_PER_S: Micros = 1_000_000;

/// A quota as the algorithm sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Between two calls at an even pace; rounded up, so that nobody ever gets more than the quota says.
    pub interval: Micros,
    /// All of the quota.
    pub burst: Micros,
    /// Seconds in which all of a used up quota comes back.
    pub window_s: u32,
}

impl From<Quota> for Rate {
    fn from(quota: Quota) -> Self {
        let (calls, window_s) = (Micros::from(quota.calls.max(1)), quota.window_s.max(1));
        let interval = (Micros::from(window_s) * MICROS_PER_S).div_ceil(calls);
        Self {
            interval,
            burst: interval * calls,
            window_s,
        }
    }
}

impl Rate {
    /// One call at `now` by somebody whose quota is all there again at `full_at`; a call that passes moves that on.
    ///
    /// Nobody's quota is used up beyond all of it: after a quota has become smaller, the wait is that of the new one.
    pub(crate) fn take(self, full_at: &mut Micros, now: Micros) -> Verdict {
        let used = full_at.saturating_sub(now).min(self.burst);
        let admitted = used + self.interval <= self.burst;
        let used = if admitted { used + self.interval } else { used };
        *full_at = now + used;
        self.verdict(admitted, used)
    }

    /// What is told of a call after which `used` of the quota is used up.
    pub(crate) fn verdict(self, admitted: bool, used: Micros) -> Verdict {
        let left = self.burst.saturating_sub(used);
        let missing = self.interval.saturating_sub(left);
        Verdict {
            admitted,
            remaining: u32::try_from(left / self.interval).unwrap_or(u32::MAX),
            reset_s: seconds(used).min(self.window_s),
            retry_after_s: if admitted { 0 } else { seconds(missing).max(1) },
        }
    }
}

fn seconds(micros: Micros) -> u32 {
    u32::try_from(micros.div_ceil(MICROS_PER_S)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_800_000_000_000_000;

    fn rate(calls: u32, window_s: u32) -> Rate {
        Quota { calls, window_s }.into()
    }

    fn verdict(admitted: bool, remaining: u32, reset_s: u32, retry_after_s: u32) -> Verdict {
        Verdict {
            admitted,
            remaining,
            reset_s,
            retry_after_s,
        }
    }

    #[test]
    fn each_verdict_says_what_is_left_and_how_long_to_wait() {
        let (rate, mut full_at) = (rate(3, 60), 0);
        for (after_s, expected) in [
            (0, verdict(true, 2, 20, 0)),
            (0, verdict(true, 1, 40, 0)),
            (0, verdict(true, 0, 60, 0)),
            (0, verdict(false, 0, 60, 20)),
            (19, verdict(false, 0, 41, 1)),
            (20, verdict(true, 0, 60, 0)),
            (20, verdict(false, 0, 60, 20)),
            (65, verdict(true, 1, 35, 0)),
            (500, verdict(true, 2, 20, 0)),
        ] {
            let now = NOW + after_s * MICROS_PER_S;
            assert_eq!(
                rate.take(&mut full_at, now),
                expected,
                "after {after_s} seconds"
            );
        }
    }

    #[test]
    fn a_refused_call_passes_after_the_seconds_it_was_told() {
        for (calls, window_s) in [(1, 1), (1, 60), (7, 60), (10, 60), (100, 60), (999, 7)] {
            let (rate, mut full_at) = (rate(calls, window_s), 0);
            assert!(
                rate.burst >= Micros::from(window_s) * MICROS_PER_S,
                "rounding gives calls away"
            );
            for left in (0..calls).rev() {
                assert_eq!(rate.take(&mut full_at, NOW).remaining, left);
            }
            let refused = rate.take(&mut full_at, NOW);
            assert!(!refused.admitted && refused.reset_s == window_s, "{calls}");
            let later = NOW + Micros::from(refused.retry_after_s) * MICROS_PER_S;
            assert!(rate.take(&mut full_at, later).admitted, "{calls}");
        }
    }

    #[test]
    fn who_calls_at_an_even_pace_is_never_refused_and_who_is_faster_is() {
        for (pace, refused) in [(600_000, 0), (599_999, 1)] {
            let (rate, mut full_at) = (rate(100, 60), NOW);
            // All but one call of the burst are gone.
            for _ in 0..99 {
                rate.take(&mut full_at, NOW);
            }
            let calls = 1..=600_001;
            let missed = calls.filter(|call| !rate.take(&mut full_at, NOW + call * pace).admitted);
            assert_eq!(missed.take(1).count(), refused, "a call every {pace} µs");
        }
    }

    #[test]
    fn a_quota_that_shrinks_makes_nobody_wait_longer_than_it_says() {
        let mut full_at = 0;
        for _ in 0..60 {
            rate(60, 3_600).take(&mut full_at, NOW);
        }
        let refused = rate(10, 60).take(&mut full_at, NOW);
        assert_eq!((refused.retry_after_s, refused.reset_s), (6, 60));
        let later = NOW + 6 * MICROS_PER_S;
        assert!(rate(10, 60).take(&mut full_at, later).admitted);
    }

    #[test]
    fn a_quota_of_nothing_counts_as_one() {
        assert_eq!(rate(0, 0), rate(1, 1));
    }
}
