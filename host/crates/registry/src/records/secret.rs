//! What is kept for plugins and shown to nobody.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::deployment::Scope;

use super::Record;

/// A secret of a plugin in a scope. Its id is [`secret_id`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRow {
    /// The scope's text.
    pub scope: String,
    /// The plugin's name.
    pub plugin: String,
    /// The secret's name in the manifest.
    pub secret: String,
    /// Its values, the newest first, each sealed about this row's id.
    pub sealed: Vec<String>,
    /// The account that set it last.
    pub by: String,
    /// When.
    pub at: Millis,
}

impl Record for SecretRow {
    const COLLECTION: &'static str = "secrets";
}

/// A secret of a plugin in a scope.
#[must_use]
pub fn secret_id(scope: &Scope, plugin: &str, secret: &str) -> String {
    format!("{scope}/{plugin}/{secret}")
}
