//! The fake host as a test sees it.

use serde_json::Value;
use stoa_wit::Manifest;

use super::RequestBuilder;
use super::state::{Raised, State, with};

/// 2026-01-01T00:00:00Z.
const START_MS: u64 = 1_767_225_600_000;

/// The fake host of this thread. Making another one forgets all that was there.
#[derive(Debug)]
pub struct Host(());

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A fresh one that takes every collection, event and setting: nothing stored, 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        Self::install(None)
    }

    /// A fresh one that holds the plugin to its manifest: collections with their unique fields and expiry,
    /// events and settings with their defaults. Most often `Host::of(include_str!("../plugin.toml"))`.
    ///
    /// # Panics
    /// When the text is no manifest.
    #[must_use]
    #[expect(clippy::panic, reason = "tests fail by panicking")]
    pub fn of(manifest: &str) -> Self {
        match Manifest::from_toml(manifest) {
            Ok(manifest) => Self::install(Some(manifest)),
            Err(error) => panic!("{error}"),
        }
    }

    fn install(manifest: Option<Manifest>) -> Self {
        with(|state| {
            *state = State {
                manifest,
                now_ms: START_MS,
                ..State::default()
            }
        });
        Self(())
    }

    /// A request to a handler.
    #[must_use]
    pub fn request(&self, handler: &str) -> RequestBuilder {
        RequestBuilder::new(handler)
    }

    /// Sets a setting, as an operator would.
    pub fn set(&self, name: &str, value: impl Into<Value>) {
        with(|state| state.settings.insert(name.into(), value.into()));
    }

    /// Moves the clock on.
    pub fn advance(&self, by_ms: u64) {
        with(|state| state.now_ms = state.now_ms.saturating_add(by_ms));
    }

    /// Sets the clock, in milliseconds since 1970.
    pub fn set_time(&self, now_ms: u64) {
        with(|state| state.now_ms = now_ms);
    }

    /// The events raised so far by requests that succeeded.
    #[must_use]
    pub fn events(&self) -> Vec<Raised> {
        with(|state| state.data.events.clone())
    }

    /// The lines logged so far, each with its level in front.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        with(|state| state.log.clone())
    }
}
