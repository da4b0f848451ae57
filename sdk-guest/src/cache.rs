//! Short-lived copies that may vanish at any time. What a request sets or drops shows once it has committed.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The value under a key, if it is there and of this type.
#[must_use]
pub fn get<T: DeserializeOwned>(key: &str) -> Option<T> {
    serde_json::from_slice(&get_bytes(key)?).ok()
}

/// Keeps a value for so many milliseconds.
pub fn set<T: Serialize>(key: &str, value: &T, ttl_ms: u64) {
    if let Ok(bytes) = serde_json::to_vec(value) {
        set_bytes(key, &bytes, ttl_ms);
    }
}

/// Drops a value.
pub fn remove(key: &str) {
    crate::host::cache::remove(key);
}

/// The bytes under a key.
#[must_use]
pub fn get_bytes(key: &str) -> Option<Vec<u8>> {
    crate::host::cache::get(key)
}

/// Keeps bytes, at most 256 KiB, for so many milliseconds.
pub fn set_bytes(key: &str, value: &[u8], ttl_ms: u64) {
    crate::host::cache::set(key, value, ttl_ms);
}
