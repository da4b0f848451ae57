//! The real clock and the real source of randomness, behind the kernel's ports.

use std::cell::RefCell;
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
        if into.len() > STOCK_BYTES {
            return ask(into);
        }
        STOCK.with_borrow_mut(|stock| stock.take(into));
    }
}

/// Bytes that a thread asks the system for at a time. Each request takes a few for its id, and asking costs a microsecond
/// however few are wanted.
const STOCK_BYTES: usize = 512;

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; STOCK_BYTES], left: 0 }) };
}

/// Random bytes that nobody has had yet; what is taken is wiped.
struct Stock {
    bytes: [u8; STOCK_BYTES],
    /// How many are left, at the front.
    left: usize,
}

impl Stock {
    /// No more than the whole stock at once.
    fn take(&mut self, into: &mut [u8]) {
        if self.left < into.len() {
            ask(&mut self.bytes);
            self.left = STOCK_BYTES;
        }
        let taken = self.left.saturating_sub(into.len())..self.left;
        self.left = taken.start;
        if let Some(taken) = self.bytes.get_mut(taken) {
            into.copy_from_slice(taken);
            taken.fill(0);
        }
    }
}

/// Asks the operating system.
fn ask(into: &mut [u8]) {
    if let Err(error) = getrandom::fill(into) {
        // Everything secret depends on it: going on without would be worse than stopping.
        tracing::error!(%error, "the operating system gives no random numbers");
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_bytes_are_given_twice() {
        let mut seen = HashSet::new();
        for length in (16..=STOCK_BYTES + 16).cycle().step_by(7).take(1_000) {
            let mut bytes = vec![0; length];
            SystemRandom.fill(&mut bytes);
            for piece in bytes.chunks_exact(16) {
                assert!(seen.insert(piece.to_vec()), "{piece:?} of {length} bytes");
            }
        }
        let mut none = [];
        SystemRandom.fill(&mut none);
    }

    #[test]
    fn what_was_taken_is_wiped() {
        let mut stock = Stock {
            bytes: [7; STOCK_BYTES],
            left: STOCK_BYTES,
        };
        let mut taken = [0; 20];
        stock.take(&mut taken);
        assert_eq!(taken, [7; 20]);
        let (left, wiped) = stock.bytes.split_at(stock.left);
        assert_eq!((left.len(), wiped), (STOCK_BYTES - 20, &[0; 20][..]));
        assert!(left.iter().all(|byte| *byte == 7));
    }
}
