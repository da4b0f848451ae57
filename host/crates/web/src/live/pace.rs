//! How fast one connection is heard. Whoever sends faster is not read meanwhile, and so can't send.

use std::time::Duration;

use tokio::time::Instant;

/// Messages a second that are read from one connection: faster than anybody types, a fraction of what a host handles.
const MESSAGES_PER_S_MAX: u32 = 20;

/// Messages that are read at once from one that was silent: a page that joins what it shows.
const BURST_MAX: u32 = 40;

/// The pace of one connection (GCRA).
pub(crate) struct Pace {
    /// When all that was read would have come at the even rate.
    due: Instant,
}

impl Pace {
    /// Of one that begins now.
    pub(crate) fn new(now: Instant) -> Self {
        Self { due: now }
    }

    /// Notes that something was read.
    pub(crate) fn note(&mut self, now: Instant) {
        let step = Duration::from_secs(1) / MESSAGES_PER_S_MAX;
        self.due = self.due.max(now) + step;
    }

    /// When the next one may be read.
    pub(crate) fn next(&self) -> Instant {
        let burst = Duration::from_secs(1) / MESSAGES_PER_S_MAX * BURST_MAX;
        self.due.checked_sub(burst).unwrap_or(self.due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_is_even() {
        let started = Instant::now();
        let (mut now, mut pace) = (started, Pace::new(started));
        for position in 0_u64..140 {
            now = now.max(pace.next());
            pace.note(now);
            let since = now.duration_since(started);
            let even = Duration::from_millis(50 * position.saturating_sub(40));
            assert_eq!(since, even, "{position}");
        }
    }
}
