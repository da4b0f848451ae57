//! Quotas counted in this host's memory, for a bounded number of keys.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use stoa_kernel::clock::Clock;
use stoa_kernel::quota::{Quota, Quotas, Verdict};

use crate::rate::{MICROS_PER_S, Micros, Rate};
use crate::steady::SteadyClock;

/// Keys counted at the same time: more than honest clients of one minute, and about 15 MB.
const KEYS_MAX: usize = 1 << 17;

/// Parts that are locked apart from one another, so that threads rarely wait; a power of two.
const SHARDS: usize = 64;

/// Keys of one shard.
const SHARD_KEYS_MAX: usize = KEYS_MAX / SHARDS;

/// What a full shard gives up at once, so that a flood of new keys pays for one search per this many.
const SHARD_KEYS_EVICTED: usize = SHARD_KEYS_MAX / 8;

/// How often a shard that is in use drops the keys whose quota is all there again.
const SWEEP_EVERY: Micros = 60 * MICROS_PER_S;

/// Counts for this host alone.
pub struct MemoryQuotas {
    clock: SteadyClock,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    /// When all of a key's quota is there again. A key whose time has come is as good as none.
    full_at: HashMap<Box<str>, Micros>,
    swept: Micros,
}

impl MemoryQuotas {
    /// Counts nothing yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock: SteadyClock::new(clock),
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// [`Quotas::take`] at once.
    pub(crate) fn count(&self, key: &str, quota: Quota) -> Verdict {
        let hash = self.hasher.hash_one(key);
        let place = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        #[expect(
            clippy::indexing_slicing,
            reason = "the place is a rest of the array's length"
        )]
        let mut shard = self.shards[place]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that calls of one key see the time pass in their order.
        shard.take(key, quota.into(), self.clock.now())
    }
}

#[async_trait]
impl Quotas for MemoryQuotas {
    async fn take(&self, key: &str, quota: Quota) -> Verdict {
        self.count(key, quota)
    }
}

impl Shard {
    fn take(&mut self, key: &str, rate: Rate, now: Micros) -> Verdict {
        if now.saturating_sub(self.swept) >= SWEEP_EVERY {
            self.sweep(now);
        }
        if let Some(full_at) = self.full_at.get_mut(key) {
            return rate.take(full_at, now);
        }
        if self.full_at.len() >= SHARD_KEYS_MAX {
            self.sweep(now);
            self.evict();
        }
        let mut full_at = now;
        let verdict = rate.take(&mut full_at, now);
        self.full_at.insert(key.into(), full_at);
        verdict
    }

    fn sweep(&mut self, now: Micros) {
        self.full_at.retain(|_, full_at| *full_at > now);
        self.swept = now;
    }

    /// Makes room in a shard that is still full. Those who lose their count are those nearest to their full
    /// quota, who gain least by it: with many addresses an attacker pushes out his own.
    fn evict(&mut self) {
        if self.full_at.len() < SHARD_KEYS_MAX {
            return;
        }
        let mut times: Vec<Micros> = self.full_at.values().copied().collect();
        let (_, last, _) = times.select_nth_unstable(SHARD_KEYS_EVICTED);
        let last = *last;
        self.full_at.retain(|_, full_at| *full_at > last);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
    use std::thread;

    use super::*;

    const HUNDRED: Quota = Quota {
        calls: 100,
        window_s: 60,
    };

    struct SetClock(AtomicU64);

    impl Clock for SetClock {
        fn now(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    impl SetClock {
        fn pass_ms(&self, ms: u64) {
            self.0.fetch_add(ms, Ordering::SeqCst);
        }
    }

    fn quotas() -> (Arc<SetClock>, MemoryQuotas) {
        let clock = Arc::new(SetClock(AtomicU64::new(1_800_000_000_000)));
        (clock.clone(), MemoryQuotas::new(clock))
    }

    fn admitted(quotas: &MemoryQuotas, key: &str, calls: u32) -> u32 {
        let passed = (0..calls).filter(|_| quotas.count(key, HUNDRED).admitted);
        u32::try_from(passed.count()).unwrap()
    }

    fn keys(quotas: &MemoryQuotas) -> usize {
        let sizes = quotas
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().full_at.len());
        sizes.sum()
    }

    #[test]
    fn a_burst_passes_and_then_the_even_rate() {
        let (clock, quotas) = quotas();
        assert_eq!(admitted(&quotas, "a", 150), 100);
        clock.pass_ms(599);
        assert_eq!(admitted(&quotas, "a", 10), 0);
        clock.pass_ms(1);
        assert_eq!(admitted(&quotas, "a", 10), 1);
        clock.pass_ms(6_000);
        assert_eq!(admitted(&quotas, "a", 50), 10);
        clock.pass_ms(3_600_000);
        assert_eq!(
            admitted(&quotas, "a", 150),
            100,
            "a long pause saves up no more than one burst"
        );
    }

    #[test]
    fn each_key_has_a_quota_of_its_own() {
        let (_, quotas) = quotas();
        assert_eq!(admitted(&quotas, "a", 150), 100);
        assert_eq!(admitted(&quotas, "b", 150), 100);
    }

    #[test]
    fn many_threads_get_exactly_the_burst_and_what_the_time_brings() {
        let (clock, quotas) = quotas();
        let (passed, stop) = (AtomicU32::new(0), AtomicBool::new(false));
        passed.fetch_add(admitted(&quotas, "a", 100), Ordering::SeqCst);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        passed.fetch_add(admitted(&quotas, "a", 1), Ordering::SeqCst);
                    }
                });
            }
            // Three minutes, in steps that are no multiple of the interval.
            for _ in 0..1_800 {
                clock.pass_ms(100);
                thread::yield_now();
            }
            stop.store(true, Ordering::SeqCst);
        });
        passed.fetch_add(admitted(&quotas, "a", 100), Ordering::SeqCst);
        let (burst, minutes) = (100, 3);
        let most = burst + minutes * 100;
        let all = passed.load(Ordering::SeqCst);
        assert!(all <= most, "{all} calls passed");
        assert!(all > burst, "time brought nothing");
    }

    #[test]
    fn threads_that_call_at_the_same_moment_share_one_burst() {
        let (_, quotas) = quotas();
        let passed = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    passed.fetch_add(admitted(&quotas, "a", 1_000), Ordering::SeqCst);
                });
            }
        });
        assert_eq!(passed.load(Ordering::SeqCst), 100);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_and_takes_nothing() {
        let (clock, quotas) = quotas();
        assert_eq!(admitted(&quotas, "a", 150), 100);
        clock.0.fetch_sub(3_600_000, Ordering::SeqCst);
        assert_eq!(admitted(&quotas, "a", 10), 0);
        assert_eq!(quotas.count("a", HUNDRED).retry_after_s, 1);
        clock.pass_ms(600);
        assert_eq!(admitted(&quotas, "a", 10), 1);
        assert_eq!(admitted(&quotas, "b", 150), 100);
    }

    #[test]
    fn a_flood_of_addresses_neither_grows_the_table_nor_frees_who_is_limited() {
        let (clock, quotas) = quotas();
        assert_eq!(admitted(&quotas, "greedy", 150), 100);
        for address in 0..2 * KEYS_MAX {
            if address % 4_096 == 0 {
                clock.pass_ms(1);
            }
            quotas.count(&address.to_string(), HUNDRED);
        }
        assert!(keys(&quotas) <= KEYS_MAX);
        assert!(
            keys(&quotas) > KEYS_MAX / 2,
            "no more was given up than had to be"
        );
        assert_eq!(admitted(&quotas, "greedy", 10), 0);
    }

    #[test]
    fn keys_whose_quota_is_full_again_are_dropped() {
        let (clock, quotas) = quotas();
        for address in 0..10_000 {
            quotas.count(&address.to_string(), HUNDRED);
        }
        assert_eq!(keys(&quotas), 10_000);
        clock.pass_ms(120_000);
        // Enough calls to reach every shard.
        for address in 0..10_000 {
            quotas.count(&format!("later {address}"), HUNDRED);
        }
        assert_eq!(keys(&quotas), 10_000);
    }
}
