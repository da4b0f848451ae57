//! Messages to whoever listens at this moment, by WebSocket, server-sent events or Socket.IO.
//!
//! A `[[channel]]` of the manifest names who may listen, the handler that admits them to a particular channel,
//! and the handlers of what they may say there. Those are handlers as any other: of a [`crate::Request`] whose
//! parameters are the channel's and whose body is the message's JSON.

use serde::Serialize;

use crate::bindings::stoa::live::live::Error;
use crate::{Problem, Result};

/// Says something to everybody on a channel of this plugin, such as `chat/01J…`, once this request has committed.
/// What one request says arrives in this order.
///
/// Where the channel keeps a history, the message is told to those who come back, too; see [`push_passing`].
/// `payload` becomes JSON of at most 32 KiB; `event` is named as events are; a request says at most 256 messages.
///
/// # Errors
/// 500 when the manifest has no such channel, or the event or the payload is malformed; 422 past the host's limit.
pub fn push<T: Serialize>(channel: &str, event: &str, payload: &T) -> Result<()> {
    say(channel, event, payload, true)
}

/// As [`push`], but for what means nothing a moment later, such as that somebody is typing: no history keeps it.
///
/// # Errors
/// As [`push`].
pub fn push_passing<T: Serialize>(channel: &str, event: &str, payload: &T) -> Result<()> {
    say(channel, event, payload, false)
}

/// Lets an account listen to a channel no longer, once this request has committed.
///
/// # Errors
/// As [`push`].
pub fn evict(channel: &str, account: &str) -> Result<()> {
    crate::host::live::evict(channel, account).map_err(|error| problem(channel, error))
}

fn say<T: Serialize>(channel: &str, event: &str, payload: &T, keep: bool) -> Result<()> {
    let payload =
        serde_json::to_string(payload).map_err(|error| Problem::internal(error.to_string()))?;
    crate::host::live::push(channel, event, &payload, keep).map_err(|error| problem(channel, error))
}

fn problem(channel: &str, error: Error) -> Problem {
    match error {
        Error::Limit(reason) => Problem::new(422, "too-much", reason),
        Error::Denied(reason) | Error::Invalid(reason) | Error::Other(reason) => {
            Problem::internal(format!("channel {channel}: {reason}"))
        }
    }
}
