//! `stoa:live/live`: what those who listen hear once the request has committed. A message that a history keeps is a
//! document of the host in the guest's unit of work.

use std::sync::Arc;

use serde_json::value::RawValue;
use stoa_kernel::limits::{LIVE_MESSAGE_BYTES_MAX, LIVE_MESSAGES_PER_REQUEST_MAX};
use stoa_kernel::live::{Message, Push, Words, keep};
use stoa_kernel::store::StoreError;
use stoa_wit::is_event_name;

use super::directory::is_account_id;
use super::storage::FULL;
use crate::bindings::stoa::live::live::{Error, Host};
use crate::fault::{Ended, Fault};
use crate::grants::Capability;
use crate::scope::Scope;
use crate::state::State;

impl Host for State {
    async fn push(
        &mut self,
        channel: String,
        event: String,
        payload: String,
        keep: bool,
    ) -> wasmtime::Result<Result<(), Error>> {
        let scope = self.charge(
            Capability::Live,
            channel.len() + event.len() + payload.len(),
        )?;
        let history = match self.history_of(&channel) {
            Ok(history) => {
                if keep {
                    history
                } else {
                    0
                }
            }
            Err(error) => return Ok(Err(error)),
        };
        if let Err(error) = checked(&event, &payload).and_then(|()| admitted(&scope)) {
            return Ok(Err(error));
        }
        if history > 0 && !self.has_room(&scope, channel.len() + payload.len()).await? {
            return Ok(Err(Error::Limit(FULL.into())));
        }
        let account = scope.request.principal.account.as_ref();
        let words = Words {
            event: &event,
            payload: &payload,
            author: account.map(|account| account.id.as_str()),
        };
        let number = match numbered(&scope, &channel, history, words).await {
            Ok(number) => number,
            // A guest could only pass this on, wrongly, as its own failure.
            Err(StoreError::Unavailable(reason)) => {
                return Err(Ended(Fault::Store(reason)).into());
            }
            Err(StoreError::Limit(reason)) => return Ok(Err(Error::Limit(reason))),
            Err(error) => return Ok(Err(Error::Other(error.to_string()))),
        };
        scope.pushes.add(Push::Say(Arc::new(Message {
            channel: channel.into(),
            event: event.into(),
            payload: payload.into(),
            number,
        })));
        Ok(Ok(()))
    }

    async fn evict(
        &mut self,
        channel: String,
        account: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        let scope = self.charge(Capability::Live, channel.len() + account.len())?;
        if let Err(error) = self.history_of(&channel).and_then(|_| admitted(&scope)) {
            return Ok(Err(error));
        }
        if !is_account_id(&account) {
            return Ok(Err(Error::Invalid("this is no account's id".into())));
        }
        scope.pushes.add(Push::Evict {
            channel: channel.into(),
            account: account.into(),
        });
        Ok(Ok(()))
    }
}

impl State {
    /// How many messages of a channel of this plugin are kept.
    fn history_of(&self, channel: &str) -> Result<u32, Error> {
        let channels = self.revision.package.manifest.channels.iter();
        let is_text = !channel.chars().any(char::is_control);
        let fitting = channels.filter_map(|each| Some((each, each.params(channel)?)));
        match fitting.min_by_key(|(_, params)| params.len()) {
            Some((found, _)) if is_text => Ok(found.history),
            _ => Err(Error::Denied(format!(
                "plugin.toml has no [[channel]] that {channel:?} is one of"
            ))),
        }
    }
}

fn checked(event: &str, payload: &str) -> Result<(), Error> {
    if !is_event_name(event) {
        return Err(Error::Invalid(format!("{event:?} is no name of an event")));
    }
    if payload.len() > LIVE_MESSAGE_BYTES_MAX {
        return Err(Error::Invalid(format!(
            "a payload of more than {LIVE_MESSAGE_BYTES_MAX} bytes"
        )));
    }
    match serde_json::from_str::<&RawValue>(payload) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::Invalid(format!("the payload is no JSON: {error}"))),
    }
}

fn admitted(scope: &Scope) -> Result<(), Error> {
    // An answer that is remembered would be told again without a word to those who listen.
    scope.outside.open();
    if scope.pushes.is_full() {
        return Err(Error::Limit(format!(
            "a request says at most {LIVE_MESSAGES_PER_REQUEST_MAX} messages"
        )));
    }
    Ok(())
}

async fn numbered(
    scope: &Scope,
    channel: &str,
    history: u32,
    words: Words<'_>,
) -> Result<Option<u64>, StoreError> {
    if history == 0 {
        return Ok(None);
    }
    let now = scope.ports.clock.now();
    let kept = keep(&*scope.unit, channel, history, words, now);
    kept.await.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_word_and_a_little_json() {
        let largest = format!("{:?}", "x".repeat(LIVE_MESSAGE_BYTES_MAX - 2));
        for payload in ["{}", "null", "[1]", r#""text""#, &largest] {
            assert!(checked("message.new", payload).is_ok(), "{payload}");
        }
        let too_long = format!("{:?}", "x".repeat(LIVE_MESSAGE_BYTES_MAX - 1));
        for (event, payload) in [
            ("New", "{}"),
            ("", "{}"),
            ("new\n", "{}"),
            ("new", ""),
            ("new", "{}{}"),
            ("new", "{"),
            ("new", &too_long),
        ] {
            let refused = checked(event, payload);
            assert!(
                matches!(refused, Err(Error::Invalid(_))),
                "{event} {payload}"
            );
        }
    }
}
