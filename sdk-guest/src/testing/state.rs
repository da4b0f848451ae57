//! The fake host's memory.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::RequestBuilder;

/// A stored document.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub version: u64,
    pub body: String,
    pub expires_at: Option<u64>,
}

/// An event that was raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// Its name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// Its payload.
    pub payload: Value,
}

/// What a request may change.
#[derive(Debug, Clone, Default)]
pub(super) struct Data {
    pub documents: BTreeMap<(String, String), Document>,
    pub cache: BTreeMap<String, (Vec<u8>, u64)>,
    pub events: Vec<Raised>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub data: Data,
    pub settings: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub now_ms: u64,
    pub random: u64,
    pub log: Vec<String>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

pub(super) fn with<R>(act: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(act)
}

/// The fake host of this thread.
#[derive(Debug)]
pub struct Host(());

/// 2026-01-01T00:00:00Z.
const START_MS: u64 = 1_767_225_600_000;

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A fresh one: nothing stored, 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        with(|state| *state = State { now_ms: START_MS, ..State::default() });
        Self(())
    }

    /// A request to a handler.
    #[must_use]
    pub fn request(&self, handler: &str) -> RequestBuilder {
        RequestBuilder::new(handler)
    }

    /// Sets a setting.
    pub fn set(&self, name: &str, value: impl Into<Value>) {
        let value = value.into().to_string();
        with(|state| state.settings.insert(name.into(), value));
    }

    /// Moves the clock on.
    pub fn advance(&self, by_ms: u64) {
        with(|state| state.now_ms += by_ms);
    }

    /// The events raised so far by requests that succeeded.
    #[must_use]
    pub fn events(&self) -> Vec<Raised> {
        with(|state| state.data.events.clone())
    }

    /// The lines logged so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        with(|state| state.log.clone())
    }
}
