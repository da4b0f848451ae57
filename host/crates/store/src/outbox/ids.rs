//! Ids of events always grow within one host, also within one millisecond.

use std::sync::{Mutex, PoisonError};

/// The digits of a ULID, smallest first.
const DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Gives them. Two events of one key are delivered in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct EventIds {
    last: Mutex<String>,
}

impl EventIds {
    /// The wanted id, or the next free one if that is not larger than all before: the clock may stand still
    /// or go back, and of two commits the one that was begun earlier may come later.
    pub(crate) fn at_least(&self, wanted: &str) -> String {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if wanted > last.as_str() {
            wanted.to_owned()
        } else {
            successor(&last)
        };
        last.clone()
    }

    /// An id that was given before this process began.
    pub(crate) fn seen(&self, id: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if id > last.as_str() {
            id.clone_into(&mut last);
        }
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

    #[test]
    fn ids_grow_whatever_is_wanted() {
        let ids = EventIds::default();
        let given = ["05ZZ", "0501", "05ZZ", "0409", "0600"].map(|wanted| ids.at_least(wanted));
        assert!(given.is_sorted_by(|a, b| a < b), "{given:?}");
        ids.seen("0700");
        assert_eq!(ids.at_least("0650"), "0701");
        ids.seen("0100");
        assert_eq!(ids.at_least("0800"), "0800");
        assert_eq!(successor("0AZZ"), "0B00");
    }
}
