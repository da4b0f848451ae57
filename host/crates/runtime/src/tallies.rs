//! How often answers were given, where a route asks for it: counted in memory, so that an answer that is told again
//! needs no handler, and told to the plugin by an event from time to time (`events/tallying.rs`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stoa_kernel::call::Request;
use stoa_kernel::id::TenantId;
use stoa_kernel::wit;
use tokio::sync::Notify;

/// Bytes of what is counted, ids in most cases; longer ones are not.
const SUBJECT_BYTES_MAX: usize = 128;

/// How many different ones are counted of one kind until it is told, which bounds memory.
const SUBJECTS_MAX: usize = 10_000;

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kind {
    /// Whose clients asked.
    pub tenant: TenantId,
    /// The plugin that is told.
    pub plugin: Arc<str>,
    /// By which event.
    pub event: String,
}

/// How often answers were given, by what they were about.
pub type Counts = HashMap<String, u64>;

/// An answer that is counted if it turns out well.
#[derive(Debug)]
pub struct Counted {
    kind: Kind,
    subject: String,
}

impl Counted {
    /// What of a request to the plugin is to be counted.
    pub fn of(wanted: &wit::Tally, plugin: &Arc<str>, request: &Request) -> Option<Self> {
        let mut params = request.params.iter();
        let (_, subject) = params.find(|(name, _)| *name == wanted.by)?;
        Some(Self {
            kind: Kind {
                tenant: request.tenant.clone(),
                plugin: Arc::clone(plugin),
                event: wanted.event.clone(),
            },
            subject: subject.clone(),
        })
    }
}

/// What was counted and is not told yet.
#[derive(Default)]
pub struct Tallies {
    counts: Mutex<HashMap<Kind, Counts>>,
    /// Rung when there is something to tell.
    pub begun: Notify,
}

impl Tallies {
    fn counts(&self) -> MutexGuard<'_, HashMap<Kind, Counts>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer that was given.
    pub fn count(&self, Counted { kind, subject }: Counted) {
        self.add(kind, [(subject, 1)]);
    }

    /// Adds to what is to be told.
    pub fn add(&self, kind: Kind, counts: impl IntoIterator<Item = (String, u64)>) {
        let mut all = self.counts();
        if all.is_empty() {
            self.begun.notify_one();
        }
        let known = all.entry(kind).or_default();
        for (subject, times) in counts {
            if let Some(count) = known.get_mut(&subject) {
                *count = count.saturating_add(times);
            } else if known.len() < SUBJECTS_MAX && subject.len() <= SUBJECT_BYTES_MAX {
                known.insert(subject, times);
            }
        }
    }

    /// Everything there is to tell, to whoever tells it.
    pub fn take(&self) -> HashMap<Kind, Counts> {
        std::mem::take(&mut *self.counts())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn kind() -> Kind {
        Kind {
            tenant: TenantId::parse("shop").unwrap(),
            plugin: "catalog".into(),
            event: "catalog.viewed".into(),
        }
    }

    #[test]
    fn what_was_taken_is_counted_anew_and_can_come_back() {
        let tallies = Tallies::default();
        for subject in ["a", "b", "a"] {
            tallies.add(kind(), [(subject.to_owned(), 1)]);
        }
        let counts = tallies.take().remove(&kind()).unwrap();
        assert_eq!(counts, Counts::from([("a".into(), 2), ("b".into(), 1)]));
        tallies.add(kind(), [("a".to_owned(), 1)]);
        tallies.add(kind(), counts);
        let again = tallies.take().remove(&kind()).unwrap();
        assert_eq!(again, Counts::from([("a".into(), 3), ("b".into(), 1)]));
        assert!(tallies.take().is_empty());
    }

    #[test]
    fn what_clients_make_up_takes_no_more_memory_than_there_is_for_it() {
        let tallies = Tallies::default();
        tallies.add(kind(), [("x".repeat(SUBJECT_BYTES_MAX + 1), 1)]);
        let many = (0..2 * SUBJECTS_MAX).map(|i| (i.to_string(), 1));
        tallies.add(kind(), many);
        tallies.add(kind(), [("0".to_owned(), 1), ("new".to_owned(), 1)]);
        let counts = tallies.take().remove(&kind()).unwrap();
        assert_eq!((counts.len(), counts.get("0")), (SUBJECTS_MAX, Some(&2)));
    }
}
