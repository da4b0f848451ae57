//! Every switch that anybody asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_kernel::clock::Millis;
use stoa_kernel::deployment::Scope;
use stoa_kernel::wit::Permission;
use utoipa::ToSchema;

use super::Record;

/// One switch: code, grants and settings together. Its id is [`activation_id`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activation {
    /// The scope's text.
    pub scope: String,
    /// The plugin's name.
    pub plugin: String,
    /// Counts the rows of this plugin in this scope, from 1.
    pub number: u64,
    /// The code; none when nothing serves.
    pub digest: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// What it may do.
    pub grants: BTreeSet<Permission>,
    /// What is set for it, over the manifest's defaults.
    pub settings: BTreeMap<String, Value>,
    /// Whether who asked for it said what is to be set; otherwise that was taken over from what was set then.
    #[serde(default)]
    pub settings_given: bool,
    /// What was done.
    pub kind: Kind,
    /// What came of it.
    pub outcome: Outcome,
    /// The activation that served before: where a rollback leads.
    pub previous: Option<u64>,
    /// Whether data may be lost where documents have to come back to an earlier shape for it.
    #[serde(default)]
    pub accept_loss: bool,
    /// The request's `Idempotency-Key` as the edge has worked it out: who repeats it is told of this row.
    #[serde(default)]
    pub asked: Option<String>,
    /// What that request said, as a digest.
    #[serde(default)]
    pub fingerprint: Option<String>,
    /// Whether an operator decided: what they grant a tenant, no admin of it has to hold.
    pub by_operator: bool,
    /// The account that asked for it; the registry's own acts have the registry's name.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Why, in the words of who asked for it or of the runtime.
    pub reason: String,
}

impl Record for Activation {
    const COLLECTION: &'static str = "activations";
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The first version in this scope.
    Install,
    /// Another version.
    Upgrade,
    /// Back to the activation before.
    Rollback,
    /// Other grants for the same code.
    Grant,
    /// Other settings for the same code.
    Settings,
    /// Nothing serves any more.
    Disable,
    /// What served before serves again.
    Enable,
    /// A version that failed went back by itself.
    Returned,
    /// Tenants may install it and grant so much of what it asks for.
    Offer,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Active,
    /// It asks for more than was granted, and waits for approval.
    Waiting,
    /// The runtime would not have it; what served before goes on.
    Refused,
    /// It waited, and a later one was asked for.
    Superseded,
}

/// A row of a plugin in a scope.
#[must_use]
pub fn activation_id(scope: &Scope, plugin: &str, number: u64) -> String {
    format!("{scope}/{plugin}/{number}")
}
