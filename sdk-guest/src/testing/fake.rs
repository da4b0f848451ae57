//! The fake host as a test sees it.

use serde_json::Value;
use stoa_wit::Manifest;

use super::state::{Posted, Pushed, Raised, State, with};
use super::{EventBuilder, RequestBuilder, background, outside};
use crate::Result;
use crate::bindings::stoa::blobs::blobs::Info;
use crate::bindings::stoa::directory::directory::Person;
use crate::bindings::stoa::http::outbound as wire;
use crate::bindings::stoa::plans::plans::Plan;
use crate::schedule::Turn;

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
        outside::install(None);
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

    /// An event for the plugin to handle.
    #[must_use]
    pub fn event(&self, name: &str) -> EventBuilder {
        EventBuilder::new(name)
    }

    /// Lets the plugin take a turn of a schedule, due now.
    ///
    /// # Errors
    /// The function's own problem.
    pub fn turn(&self, handler: &str, dispatch: fn(&str, Turn) -> Result<()>) -> Result<()> {
        background::turn(handler, dispatch)
    }

    /// Answers the plugin's requests to services elsewhere.
    pub fn elsewhere(
        &self,
        answers: impl FnMut(&wire::Request) -> Result<wire::Response, wire::Error> + 'static,
    ) {
        outside::install(Some(Box::new(answers)));
    }

    /// The requests that the plugin has sent to services elsewhere, those of failed requests too.
    #[must_use]
    pub fn sent(&self) -> Vec<wire::Request> {
        with(|state| state.sent.clone())
    }

    /// Sets a secret, as an operator would: its values, the newest first.
    pub fn secret(&self, name: &str, values: &[&str]) {
        let values = values.iter().map(|value| value.as_bytes().to_vec());
        with(|state| state.secrets.insert(name.into(), values.collect()));
    }

    /// Lets somebody join the tenant.
    pub fn person(&self, person: Person) {
        with(|state| state.people.push(person));
    }

    /// The role of somebody who joined.
    #[must_use]
    pub fn role_of(&self, id: &str) -> Option<String> {
        with(|state| {
            let mut people = state.people.iter();
            let found = people.find(|person| person.id == id)?;
            Some(found.role.clone())
        })
    }

    /// Offers a plan; the first one is the tenant's.
    pub fn plan(&self, plan: Plan) {
        with(|state| state.plans.push(plan));
    }

    /// The plan that the plugin has put the tenant on.
    #[must_use]
    pub fn changed_plan(&self) -> Option<String> {
        with(|state| state.data.plan.clone())
    }

    /// Keeps a blob, as an upload would.
    pub fn blob(&self, info: Info, content: &[u8]) {
        with(|state| {
            let kept = (info.clone(), content.to_vec());
            state.data.blobs.insert(info.id, kept)
        });
    }

    /// The letters sent so far by requests that succeeded.
    #[must_use]
    pub fn letters(&self) -> Vec<Posted> {
        with(|state| state.data.letters.clone())
    }

    /// What was said on channels so far by requests that succeeded.
    #[must_use]
    pub fn pushed(&self) -> Vec<Pushed> {
        with(|state| state.data.pushed.clone())
    }

    /// Who was put out of which channel so far by requests that succeeded: channels and accounts.
    #[must_use]
    pub fn evicted(&self) -> Vec<(String, String)> {
        with(|state| state.data.evicted.clone())
    }

    /// The lines logged so far, each with its level in front.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        with(|state| state.log.clone())
    }
}
