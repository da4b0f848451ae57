//! What may go wrong between a shop and a service.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// What happens to the next request that changes anything.
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
pub struct Mishaps(VecDeque<Mishap>);

impl Mishaps {
    pub fn add(&mut self, mishap: Mishap) {
        self.0.push_back(mishap);
    }

    pub fn next(&mut self) -> Option<Mishap> {
        self.0.pop_front()
    }
}
