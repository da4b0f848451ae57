//! How long calls took, in so few bytes that there can be one of these for each plugin and tenant.

use std::sync::atomic::{AtomicU32, Ordering};

/// Parts of which each is as wide as a quarter of its power of two: what is told is too much by a quarter at most.
const PARTS: u32 = 4;

/// Calls of fewer microseconds than two to this power are one: 16.
const SHORTEST_LOG2: u32 = 4;

/// Calls of more microseconds than two to this power are one: more than a minute, longer than any call lasts.
const LONGEST_LOG2: u32 = 26;

const BUCKETS: usize = ((LONGEST_LOG2 - SHORTEST_LOG2) * PARTS) as usize + 1;

/// Counts calls by how long they took.
#[derive(Debug)]
pub struct Latencies([AtomicU32; BUCKETS]);

impl Default for Latencies {
    fn default() -> Self {
        Self([const { AtomicU32::new(0) }; BUCKETS])
    }
}

impl Latencies {
    /// Counts a call of so many microseconds.
    pub fn add(&self, us: u64) {
        if let Some(bucket) = self.0.get(bucket(us)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Microseconds within which so many of 100 calls ended; none before the first.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let counts = self.0.each_ref().map(|count| count.load(Ordering::Relaxed));
        let all: u64 = counts.iter().copied().map(u64::from).sum();
        let wanted = (all * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        });
        found.map(end)
    }
}

/// The bucket of a time.
fn bucket(us: u64) -> usize {
    let log2 = us.checked_ilog2().unwrap_or(0);
    if log2 < SHORTEST_LOG2 {
        return 0;
    }
    let part = (us >> (log2 - PARTS.ilog2())) & u64::from(PARTS - 1);
    let bucket = u64::from((log2 - SHORTEST_LOG2) * PARTS) + part + 1;
    usize::try_from(bucket).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The microseconds at which a bucket ends.
fn end(bucket: usize) -> u64 {
    let bucket = u32::try_from(bucket).unwrap_or(u32::MAX);
    let Some(before) = bucket.checked_sub(1) else {
        return 1 << SHORTEST_LOG2;
    };
    let (log2, part) = (before / PARTS + SHORTEST_LOG2, before % PARTS);
    u64::from(PARTS + part + 1) << (log2 - PARTS.ilog2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_too_high_by_a_quarter_at_most() {
        for us in (16..5_000).chain([70_000, 1_000_000, 59_999_999]) {
            let told = end(bucket(us));
            assert!(
                us < told && told <= us + us / 4 + 1,
                "{us} is told as {told}"
            );
        }
        assert_eq!((end(bucket(0)), end(bucket(15))), (16, 16));
        assert!(end(bucket(u64::MAX)) >= 60_000_000);
    }

    #[test]
    fn a_percentile_is_the_time_of_the_call_at_its_place() {
        let latencies = Latencies::default();
        assert_eq!(latencies.percentile(50), None);
        (0..98).for_each(|_| latencies.add(100));
        latencies.add(10_000);
        latencies.add(1_000_000);
        let told = |percent| latencies.percentile(percent);
        assert_eq!(told(50), Some(112));
        assert_eq!(told(99), Some(10_240));
        assert!(told(100) > Some(1_000_000));
    }
}
