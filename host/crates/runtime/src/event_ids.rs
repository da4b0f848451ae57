//! Ids of events: ULIDs that always grow within one host, also within one millisecond.

use std::sync::{Mutex, PoisonError};

use stoa_kernel::clock::Millis;
use stoa_kernel::random::{Random, ulid};

/// The digits of a ULID, smallest first.
const DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Makes them. Two events of one key are delivered in the order of their ids.
#[derive(Debug, Default)]
pub struct EventIds {
    last: Mutex<String>,
}

impl EventIds {
    /// An id that is larger than all before, even when the clock stands still or goes back.
    pub fn next(&self, now: Millis, random: &dyn Random) -> String {
        let fresh = ulid(now, random);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if fresh > *last {
            fresh
        } else {
            successor(&last)
        };
        last.clone()
    }
}

/// The next larger text of as many digits.
fn successor(id: &str) -> String {
    let mut bytes = id.as_bytes().to_vec();
    for byte in bytes.iter_mut().rev() {
        let position = DIGITS.iter().position(|digit| digit == byte).unwrap_or(0);
        if let Some(next) = DIGITS.get(position + 1) {
            *byte = *next;
            break;
        }
        *byte = b'0';
    }
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Filled(u8);
    impl Random for Filled {
        fn fill(&self, into: &mut [u8]) {
            into.fill(self.0);
        }
    }

    #[test]
    fn ids_grow_whatever_clock_and_chance_say() {
        let ids = EventIds::default();
        let made = [(5, 255), (5, 1), (5, 255), (4, 9), (6, 0)]
            .map(|(now, fill)| ids.next(now, &Filled(fill)));
        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
        assert!(made.iter().all(|id| id.len() == 26));
        assert_eq!(successor("0AZZ"), "0B00");
    }
}
