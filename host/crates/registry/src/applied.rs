//! What this host has let its runtime do, to know what other hosts have switched.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The rows that were done.
#[derive(Debug, Default)]
pub struct Applied(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    /// The activation by head.
    heads: BTreeMap<String, u64>,
    /// The newest row of all when everything was done.
    newest: Option<u64>,
}

impl Applied {
    /// The activation of a head that the runtime does.
    pub fn number(&self, head: &str) -> Option<u64> {
        self.rows().heads.get(head).copied()
    }

    /// The runtime does this one now.
    pub fn set(&self, head: &str, number: Option<u64>) {
        match number {
            Some(number) => self.rows().heads.insert(head.to_owned(), number),
            None => self.rows().heads.remove(head),
        };
    }

    /// Whether there is no row since everything was done.
    pub fn is_at(&self, newest: u64) -> bool {
        self.rows().newest == Some(newest)
    }

    /// Everything was done when this was the newest row.
    pub fn arrive(&self, newest: u64) {
        self.rows().newest = Some(newest);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
