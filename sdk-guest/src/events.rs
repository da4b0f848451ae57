//! Facts that a plugin tells the rest of the system.

use serde::Serialize;

use crate::bindings::stoa::events::events::Error;
use crate::{Problem, Result};

/// Records an event in the request's unit of work: it is delivered if and only if the request commits.
/// Events of one key are delivered in order.
///
/// # Errors
/// 500 when the manifest does not list the event or the payload is no JSON object; 422 past the host's limit.
pub fn raise<T: Serialize>(name: &str, key: &str, payload: &T) -> Result<()> {
    let payload =
        serde_json::to_string(payload).map_err(|error| Problem::internal(error.to_string()))?;
    crate::host::events::raise(name, key, &payload).map_err(|error| match error {
        Error::Limit(reason) => Problem::new(422, "too-much", reason),
        Error::Denied(reason) | Error::Invalid(reason) | Error::Other(reason) => {
            Problem::internal(format!("event {name}: {reason}"))
        }
    })
}
