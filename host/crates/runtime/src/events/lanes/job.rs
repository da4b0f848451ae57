//! Something to deliver, and where it belongs.

use std::sync::Arc;

use stoa_kernel::event::Event;

use crate::events::subscribers::{Target, Unity};

/// One subscriber and what it takes in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneKey {
    /// The subscriber.
    pub target: Arc<str>,
    /// What of it.
    pub line: Line,
}

/// What is taken in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// The events of a key.
    Key(String),
    /// This event, which waits for no other.
    Alone(String),
    /// Everything.
    Whole,
    /// This dead letter.
    Letter(String),
}

impl LaneKey {
    /// Where an event goes for a subscriber.
    pub fn of(target: &Target, event: &Event) -> Self {
        let line = match target.unity {
            Unity::Whole => Line::Whole,
            Unity::Tenant => Line::Key(
                event
                    .tenant
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string),
            ),
            Unity::Key if event.due_at.is_some() => Line::Alone(event.id.clone()),
            Unity::Key => Line::Key(event.key.clone()),
        };
        Self {
            target: Arc::clone(&target.name),
            line,
        }
    }
}

/// What has failed so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// Failures of the subscriber.
    pub failed: u32,
    /// How often the host could not, one after the other; these count for nothing else than the pause.
    pub deferred: u32,
}

/// Something to deliver.
#[derive(Debug, Clone)]
pub struct Job {
    /// Where it belongs.
    pub lane: LaneKey,
    /// One event, or several in their order where the subscriber takes batches.
    pub events: Vec<Arc<Event>>,
    /// What has failed so far.
    pub tries: Tries,
}
