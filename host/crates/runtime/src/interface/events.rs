//! `stoa:events/events`: raising.

use stoa_kernel::clock::Millis;
use stoa_kernel::event::Event;
use stoa_kernel::limits::{EVENT_BYTES_MAX, EVENT_DELAY_MS_MAX, EVENT_KEY_BYTES_MAX};
use stoa_kernel::random::ulid;
use stoa_kernel::store::StoreError;
use stoa_kernel::trace;
use stoa_wit::Permission;

use crate::bindings::stoa::events::events::{Error, Host};
use crate::grants::Capability;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::state::State;

/// What a plugin is told that may raise no more.
pub const NONE_LEFT: &str = "the plugin has raised its events of this minute";

impl Host for State {
    async fn raise(
        &mut self,
        name: String,
        key: String,
        payload: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.raise_due(name, key, payload, None).await
    }

    async fn raise_at(
        &mut self,
        name: String,
        key: String,
        payload: String,
        at_ms: u64,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.raise_due(name, key, payload, Some(at_ms)).await
    }
}

impl State {
    async fn raise_due(
        &mut self,
        name: String,
        key: String,
        payload: String,
        due_at: Option<Millis>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let scope = self.charge(Capability::Events, name.len() + key.len() + payload.len())?;
        if !self.revision.package.manifest.raises.contains(&name) {
            return Ok(Err(Error::Denied(format!(
                "plugin.toml does not list {name:?} under raises"
            ))));
        }
        self.require(&Permission::raises(&name))?;
        if let Err(error) = check(&key, &payload) {
            return Ok(Err(error));
        }
        let now = scope.ports.clock.now();
        if due_at.is_some_and(|at| at > now.saturating_add(EVENT_DELAY_MS_MAX)) {
            return Ok(Err(Error::Invalid("more than 400 days ahead".into())));
        }
        let event = Event {
            id: ulid(now, &*scope.ports.random),
            tenant: None,
            plugin: self.revision.name.to_string(),
            name,
            key,
            payload,
            raised_at: now,
            due_at,
            trace: trace::current().filter(|context| context.is_sampled),
        };
        if !may_raise(&self.revision, &scope) {
            return Ok(Err(Error::Limit(NONE_LEFT.into())));
        }
        Ok(scope.unit.raise(event).map_err(|error| match error {
            StoreError::Limit(reason) => Error::Limit(reason),
            other => Error::Other(other.to_string()),
        }))
    }
}

/// Whether a plugin may raise another event for its tenant, which is counted then.
pub fn may_raise(revision: &Revision, scope: &Scope) -> bool {
    let share = revision.record.shares.of(&scope.request.tenant);
    let now = scope.ports.clock.now();
    let core = scope.live.core();
    core.is_none_or(|core| share.raise(&core.config.shares, now))
}

fn check(key: &str, payload: &str) -> Result<(), Error> {
    if key.len() > EVENT_KEY_BYTES_MAX {
        return Err(Error::Invalid(format!(
            "a key of more than {EVENT_KEY_BYTES_MAX} bytes"
        )));
    }
    if payload.len() > EVENT_BYTES_MAX {
        return Err(Error::Invalid(format!(
            "a payload of more than {EVENT_BYTES_MAX} bytes"
        )));
    }
    match serde_json::from_str::<serde_json::Value>(payload) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        _ => Err(Error::Invalid("the payload is no JSON object".into())),
    }
}
