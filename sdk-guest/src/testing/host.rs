//! The fake host's functions, named and typed as the real ones.

/// `stoa:clock/clock`.
pub mod clock {
    /// The fake time.
    pub fn now_ms() -> u64 {
        super::super::state::with(|state| state.now_ms)
    }
}

/// `stoa:random/random`.
pub mod random {
    use super::super::state::with;

    const BYTES_MAX: u32 = 4_096;

    /// Numbers that are the same in every run.
    pub fn bytes(len: u32) -> Vec<u8> {
        with(|state| {
            (0..len.min(BYTES_MAX))
                .map(|_| {
                    state.random = state
                        .random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    state.random.to_be_bytes()[0]
                })
                .collect()
        })
    }

    /// Counts up: unique and sortable, as a ULID is.
    pub fn ulid() -> String {
        with(|state| {
            state.random += 1;
            format!("01J{:023}", state.random)
        })
    }
}

/// `stoa:settings/settings`.
pub mod settings {
    use super::super::state::with;

    /// The test's value, else the manifest's default.
    pub fn get(name: &str) -> Option<String> {
        with(|state| {
            let set = state.settings.get(name);
            let value = match &state.manifest {
                None => set,
                Some(manifest) => {
                    let setting = manifest.settings.get(name)?;
                    set.or(setting.default.as_ref())
                }
            };
            value.map(ToString::to_string)
        })
    }
}

/// `stoa:http/inbound`.
pub mod inbound {
    /// A header of the request.
    pub fn header(name: &str) -> Option<String> {
        super::super::state::with(|state| state.headers.get(&name.to_lowercase()).cloned())
    }

    /// Always the same.
    pub fn request_id() -> String {
        "test-request".into()
    }
}

/// `stoa:log/log`.
pub mod log {
    use crate::log::Level;

    /// Keeps the line, with its level in front.
    pub fn write(level: Level, message: &str) {
        let word = match level {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        super::super::state::with(|state| state.log.push(format!("{word}: {message}")));
    }
}

/// `stoa:cache/cache`.
pub mod cache {
    use super::super::state::with;

    const KEY_BYTES_MAX: usize = 512;
    const VALUE_BYTES_MAX: usize = 256 << 10;
    const TTL_MS_MAX: u64 = 86_400_000;

    /// The value until its time.
    pub fn get(key: &str) -> Option<Vec<u8>> {
        with(|state| {
            let (value, expires_at) = state.data.cache.get(key)?;
            (*expires_at > state.now_ms).then(|| value.clone())
        })
    }

    /// Keeps a value, unless it or its key is out of bounds: a cache never fails a request.
    pub fn set(key: &str, value: &[u8], ttl_ms: u64) {
        if !(1..=KEY_BYTES_MAX).contains(&key.len()) || value.len() > VALUE_BYTES_MAX {
            return;
        }
        with(|state| {
            let expires_at = state.now_ms.saturating_add(ttl_ms.clamp(1, TTL_MS_MAX));
            state
                .data
                .cache
                .insert(key.into(), (value.to_vec(), expires_at));
        });
    }

    /// Drops a value.
    pub fn remove(key: &str) {
        with(|state| state.data.cache.remove(key));
    }
}

/// `stoa:events/events`.
pub mod events {
    use serde_json::Value;

    use super::super::state::{Raised, with};
    use crate::bindings::stoa::events::events::Error;

    const KEY_BYTES_MAX: usize = 256;
    const PAYLOAD_BYTES_MAX: usize = 64 << 10;

    /// Keeps the event.
    pub fn raise(name: &str, key: &str, payload: &str) -> Result<(), Error> {
        keep(name, key, payload, None)
    }

    /// Keeps the event, with the time when it is due.
    pub fn raise_at(name: &str, key: &str, payload: &str, at_ms: u64) -> Result<(), Error> {
        keep(name, key, payload, Some(at_ms))
    }

    fn keep(name: &str, key: &str, payload: &str, due_at_ms: Option<u64>) -> Result<(), Error> {
        if with(|state| {
            state
                .manifest
                .as_ref()
                .is_some_and(|manifest| !manifest.raises.contains(name))
        }) {
            return Err(Error::Denied(format!(
                "plugin.toml does not list {name:?} under raises"
            )));
        }
        if key.len() > KEY_BYTES_MAX || payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Error::Invalid("too long a key or payload".into()));
        }
        let Ok(payload @ Value::Object(_)) = serde_json::from_str(payload) else {
            return Err(Error::Invalid("the payload is no JSON object".into()));
        };
        with(|state| {
            state.data.events.push(Raised {
                name: name.into(),
                key: key.into(),
                payload,
                due_at_ms,
            })
        });
        Ok(())
    }
}

pub(crate) use super::services::{blobs, directory, live, mail, outbound, plans, roles, secrets};
/// `stoa:storage/storage`.
pub(crate) use super::storage;
