//! Events and turns of a plugin's own tests.

use serde::Serialize;

use super::request::transact;
use super::state::with;
use crate::bindings::subscriber::exports::stoa::events::subscriber::Event;
use crate::schedule::Turn;
use crate::{Problem, Result};

/// An event being put together.
#[derive(Debug)]
pub struct EventBuilder(Event);

impl EventBuilder {
    pub(super) fn new(name: &str) -> Self {
        let (id, now) = (super::host::random::ulid(), super::host::clock::now_ms());
        Self(Event {
            id,
            name: name.into(),
            source: "test".into(),
            key: String::new(),
            payload: "{}".into(),
            raised_at_ms: now,
            attempt: 1,
        })
    }

    /// With an id of its own, such as that of an event that was delivered before.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.0.id = id.into();
        self
    }

    /// Delivered for the so many-th time: more than 1 after failures.
    #[must_use]
    pub const fn attempt(mut self, attempt: u32) -> Self {
        self.0.attempt = attempt;
        self
    }

    /// From a plugin.
    #[must_use]
    pub fn source(mut self, source: &str) -> Self {
        self.0.source = source.into();
        self
    }

    /// About something.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.key = key.into();
        self
    }

    /// With a payload.
    #[must_use]
    pub fn json<T: Serialize>(mut self, payload: &T) -> Self {
        self.0.payload = serde_json::to_string(payload).unwrap_or_default();
        self
    }

    /// Lets the plugin handle it, by the subscription of its manifest. As in the real host, a problem undoes
    /// everything that the handler did.
    ///
    /// # Errors
    /// The handler's problem; 404 when the manifest does not subscribe to the event.
    pub fn deliver(self, dispatch: fn(&str, &Event) -> Result<()>) -> Result<()> {
        let handler = with(|state| {
            let manifest = state.manifest.as_ref()?;
            let mut named = manifest.subscriptions.iter();
            let found = named.find(|subscription| subscription.event == self.0.name)?;
            Some(found.handler.clone())
        });
        let handler = handler.ok_or_else(|| Problem::not_found("subscription"))?;
        transact(|| dispatch(&handler, &self.0), Result::is_ok)
    }
}

/// Lets the plugin take a turn that is due now.
pub(super) fn turn(handler: &str, dispatch: fn(&str, Turn) -> Result<()>) -> Result<()> {
    let due_ms = super::host::clock::now_ms();
    transact(|| dispatch(handler, Turn { due_ms }), Result::is_ok)
}
