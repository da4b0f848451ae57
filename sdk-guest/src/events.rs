//! Facts that plugins tell each other: raised in a request's unit of work, handled exactly once as far as state
//! goes.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bindings::stoa::events::events::Error;
use crate::bindings::subscriber::exports::stoa::events::subscriber as wire;
use crate::{Problem, Result};

/// A fact, as its plugin told it: the argument of a function that handles it.
///
/// What the function writes and raises commits together with the mark that this plugin has handled the event. A
/// problem or a panic discards all of it, and the event comes again later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<T> {
    /// ULID, the same at every delivery.
    pub id: String,
    /// Such as `payment.success`.
    pub name: String,
    /// The plugin that raised it, or `host`.
    pub source: String,
    /// What it is about; events of one key arrive in order.
    pub key: String,
    /// What it tells.
    pub payload: T,
    /// Milliseconds since 1970 when it was raised.
    pub raised_at_ms: u64,
    /// 1 for the first delivery, more after failures.
    pub attempt: u32,
}

/// How often answers were given: what the event tells that a route's `tally` names in `plugin.toml`. The host counts answers
/// of status 200, also where it tells one again without running the handler, and raises the event about once a minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How often since it was last told, by the value of the path parameter: at most 50 of them in one event. What has
    /// been removed since may be among them.
    pub counts: BTreeMap<String, u64>,
}

/// Records an event in the request's unit of work: it is delivered if and only if the request commits.
/// Events of one key are delivered in order.
///
/// # Errors
/// 500 when the manifest does not list the event or the payload is no JSON object; 422 past the host's limit.
pub fn raise<T: Serialize>(name: &str, key: &str, payload: &T) -> Result<()> {
    let payload = text(payload)?;
    crate::host::events::raise(name, key, &payload).map_err(|error| problem(name, error))
}

/// As [`raise`], but delivered no earlier than `at_ms` (milliseconds since 1970, at most 400 days ahead): work
/// for later. It waits for no other event of its key, and none waits for it.
///
/// # Errors
/// As [`raise`].
pub fn raise_at<T: Serialize>(name: &str, key: &str, payload: &T, at_ms: u64) -> Result<()> {
    let payload = text(payload)?;
    crate::host::events::raise_at(name, key, &payload, at_ms).map_err(|error| problem(name, error))
}

fn text<T: Serialize>(payload: &T) -> Result<String> {
    serde_json::to_string(payload).map_err(|error| Problem::internal(error.to_string()))
}

fn problem(name: &str, error: Error) -> Problem {
    match error {
        Error::Limit(reason) => Problem::new(422, "too-much", reason),
        Error::Denied(reason) | Error::Invalid(reason) | Error::Other(reason) => {
            Problem::internal(format!("event {name}: {reason}"))
        }
    }
}

/// Reads the payload and calls the function that handles the event.
///
/// # Errors
/// 422 when the payload is not what the function takes; the function's own problem.
#[doc(hidden)]
pub fn deliver<T: DeserializeOwned>(
    handler: impl Fn(Event<T>) -> Result<()>,
    event: &wire::Event,
) -> Result<()> {
    let payload = serde_json::from_str(&event.payload).map_err(|error| {
        let detail = format!("The payload of {} is not as expected: {error}", event.name);
        Problem::new(422, "unexpected-event", detail)
    })?;
    handler(Event {
        id: event.id.clone(),
        name: event.name.clone(),
        source: event.source.clone(),
        key: event.key.clone(),
        payload,
        raised_at_ms: event.raised_at_ms,
        attempt: event.attempt,
    })
}
