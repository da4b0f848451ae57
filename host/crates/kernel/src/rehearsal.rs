//! Time and randomness that whoever rehearses controls: tests, and the stories of plugins' authors.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::{Clock, Millis};
use crate::random::Random;

/// The milliseconds since 1970 of a time in RFC 3339; none if the text is none, or before 1970.
#[must_use]
pub fn millis(text: &str) -> Option<Millis> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Millis::try_from(time.as_millisecond()).ok()
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FakeClock(AtomicU64);

impl FakeClock {
    /// 2026-01-01T00:00:00Z.
    pub const START: Millis = 1_767_225_600_000;

    /// A clock that shows this time.
    #[must_use]
    pub const fn at(now: Millis) -> Self {
        Self(AtomicU64::new(now))
    }

    /// Moves on.
    pub fn advance(&self, by_ms: Millis) {
        self.0.fetch_add(by_ms, Ordering::SeqCst);
    }

    /// Is set back, as by an operator or by a time server; at most to the beginning of 1970.
    pub fn set_back(&self, by_ms: Millis) {
        let back = |now: Millis| Some(now.saturating_sub(by_ms));
        let _ = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, back);
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::at(Self::START)
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
