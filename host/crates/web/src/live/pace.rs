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
    /// Of one that has just begun.
    pub(crate) fn new() -> Self {
        Self {
            due: Instant::now(),
        }
    }

    /// Notes that something was read.
    pub(crate) fn note(&mut self) {
        let step = Duration::from_secs(1) / MESSAGES_PER_S_MAX;
        self.due = self.due.max(Instant::now()) + step;
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

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_the_rest_is_even() {
        let mut pace = Pace::new();
        let started = Instant::now();
        for _ in 0..140 {
            tokio::time::sleep_until(pace.next()).await;
            pace.note();
        }
        let took = started.elapsed();
        let even = Duration::from_secs(5);
        assert!(took >= even - Duration::from_millis(100), "{took:?}");
        assert!(took <= even + Duration::from_millis(300), "{took:?}");
    }
}
