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

    /// Numbers that are the same in every run.
    pub fn bytes(len: u32) -> Vec<u8> {
        with(|state| {
            (0..len)
                .map(|_| {
                    state.random = state.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
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
    /// A setting of the test.
    pub fn get(name: &str) -> Option<String> {
        super::super::state::with(|state| state.settings.get(name).cloned())
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

    /// Keeps the line.
    pub fn write(level: Level, message: &str) {
        super::super::state::with(|state| state.log.push(format!("{level:?} {message}")));
    }
}

/// `stoa:cache/cache`.
pub mod cache {
    use super::super::state::with;

    /// The value until its time.
    pub fn get(key: &str) -> Option<Vec<u8>> {
        with(|state| {
            let (value, expires_at) = state.data.cache.get(key)?;
            (*expires_at > state.now_ms).then(|| value.clone())
        })
    }

    /// Keeps a value.
    pub fn set(key: &str, value: &[u8], ttl_ms: u64) {
        with(|state| state.data.cache.insert(key.into(), (value.to_vec(), state.now_ms + ttl_ms)));
    }

    /// Drops a value.
    pub fn remove(key: &str) {
        with(|state| state.data.cache.remove(key));
    }
}

/// `stoa:events/events`.
pub mod events {
    use super::super::state::{Raised, with};
    use crate::bindings::stoa::events::events::Error;

    /// Keeps the event.
    pub fn raise(name: &str, key: &str, payload: &str) -> Result<(), Error> {
        let payload = serde_json::from_str(payload).map_err(|error| Error::Invalid(error.to_string()))?;
        with(|state| state.data.events.push(Raised { name: name.into(), key: key.into(), payload }));
        Ok(())
    }
}

#[path = "storage.rs"]
pub mod storage;
