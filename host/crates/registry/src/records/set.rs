//! What is set for plugins, and every change of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_kernel::clock::Millis;
use stoa_kernel::deployment::Scope;

use super::Record;

/// What is set for a plugin in a scope. Its id is the one of the scope's [`super::Head`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Set {
    /// The scope's text.
    pub scope: String,
    /// The plugin's name.
    pub plugin: String,
    /// Counts the changes, from 1. It is what `expected` is compared with.
    pub number: u64,
    /// What is set, over what lies beneath.
    pub values: BTreeMap<String, Value>,
    /// The change that each value is of.
    pub since: BTreeMap<String, u64>,
}

impl Record for Set {
    const COLLECTION: &'static str = "settings";
}

/// A change. Its id is [`change_id`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetChange {
    /// The scope's text.
    pub scope: String,
    /// The plugin's name.
    pub plugin: String,
    /// Its number.
    pub number: u64,
    /// What was set before.
    pub before: BTreeMap<String, Value>,
    /// What is set since.
    pub after: BTreeMap<String, Value>,
    /// What was done: `settings`, or a switch that brought its settings along, such as `rollback`.
    pub what: String,
    /// The account that did it.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Why, in their words.
    pub reason: String,
}

impl Record for SetChange {
    const COLLECTION: &'static str = "settings_changes";
}

/// A change of what is set for a plugin in a scope.
#[must_use]
pub fn change_id(scope: &Scope, plugin: &str, number: u64) -> String {
    format!("{scope}/{plugin}/{number}")
}
