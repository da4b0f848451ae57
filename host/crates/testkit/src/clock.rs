//! Time and randomness that a test controls.

use std::sync::atomic::{AtomicU64, Ordering};

use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::random::Random;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FakeClock(AtomicU64);

impl FakeClock {
    /// 2026-01-01T00:00:00Z.
    pub const START: Millis = 1_767_225_600_000;

    /// Moves on.
    pub fn advance(&self, by_ms: Millis) {
        self.0.fetch_add(by_ms, Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self(AtomicU64::new(Self::START))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
}

/// The same numbers in every run: SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

impl SeededRandom {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .0
            .fetch_add(GOLDEN, Ordering::SeqCst)
            .wrapping_add(GOLDEN);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Random for SeededRandom {
    fn fill(&self, into: &mut [u8]) {
        for chunk in into.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *to = from;
            }
        }
    }
}
