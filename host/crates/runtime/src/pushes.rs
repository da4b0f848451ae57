//! What a request says to those who listen: nothing of it is heard before the commit, or without one.

use std::sync::{Mutex, PoisonError};

use stoa_kernel::limits::LIVE_MESSAGES_PER_REQUEST_MAX;
use stoa_kernel::live::Push;

/// In the order in which it was said.
#[derive(Debug, Default)]
pub struct Pushes(Mutex<Vec<Push>>);

impl Pushes {
    fn with<R>(&self, act: impl FnOnce(&mut Vec<Push>) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there is nothing to be heard.
    pub fn is_empty(&self) -> bool {
        self.with(|pushes| pushes.is_empty())
    }

    /// Whether a request may say no more.
    pub fn is_full(&self) -> bool {
        self.with(|pushes| pushes.len() >= LIVE_MESSAGES_PER_REQUEST_MAX)
    }

    /// Adds one.
    pub fn add(&self, push: Push) {
        self.with(|pushes| pushes.push(push));
    }

    /// How far the request has come; [`Pushes::rollback_to`] returns there.
    pub fn savepoint(&self) -> usize {
        self.with(|pushes| pushes.len())
    }

    /// Forgets what was said since the savepoint.
    pub fn rollback_to(&self, savepoint: usize) {
        self.with(|pushes| pushes.truncate(savepoint));
    }

    /// All of it; there is none after that.
    pub fn take(&self) -> Vec<Push> {
        self.with(std::mem::take)
    }
}
