//! What the operator has set for this plugin.

use serde::de::DeserializeOwned;

/// A setting of the manifest: the operator's value, else the default. None if neither gives one.
#[must_use]
pub fn get<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_str(&crate::host::settings::get(name)?).ok()
}
