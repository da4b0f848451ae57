//! What may go wrong between a shop and a service.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mishap {
    /// Nothing is done; the answer is 503.
    Down,
    /// Nothing is done; the answer is 429.
    Busy,
    /// It is done; the answer is 500, for every repetition under the same idempotency key as well.
    Broken,
    /// It is done; the connection breaks off before the answer is whole.
    Lost,
    /// It is done; no answer ever comes.
    Silent,
}

/// Mishaps that wait for their requests.
#[derive(Debug, Default)]
pub struct Mishaps {
    /// Of the next requests that change anything.
    next: VecDeque<Mishap>,
    /// Of one request of any kind: how many come until then, that one included.
    later: Option<(u32, Mishap)>,
}

impl Mishaps {
    pub fn add(&mut self, mishap: Mishap) {
        self.next.push_back(mishap);
    }

    pub fn add_later(&mut self, nth: u32, mishap: Mishap) {
        self.later = Some((nth, mishap));
    }

    /// Forgets the one that waits for a certain request; whether it has happened.
    pub fn forget_later(&mut self) -> bool {
        self.later.take().is_none()
    }

    /// What happens to the request that has come.
    pub fn of(&mut self, changes: bool) -> Option<Mishap> {
        match &mut self.later {
            Some((left, _)) if *left > 1 => *left -= 1,
            Some((_, mishap)) => {
                let mishap = *mishap;
                self.later = None;
                return Some(mishap);
            }
            None => {}
        }
        changes.then(|| self.next.pop_front()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_request_of_any_kind_is_one_and_the_next_change_another() {
        let mut mishaps = Mishaps::default();
        mishaps.add(Mishap::Down);
        mishaps.add_later(3, Mishap::Lost);
        let happened = [false, true, false, true].map(|changes| mishaps.of(changes));
        assert_eq!(
            happened,
            [None, Some(Mishap::Down), Some(Mishap::Lost), None]
        );
        assert!(mishaps.forget_later());
        mishaps.add_later(1, Mishap::Busy);
        assert!(!mishaps.forget_later());
        assert_eq!(mishaps.of(true), None);
    }
}
