//! What a run is asked to do. It never changes, and it may be large.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_guest::prelude::*;

/// By the run's id.
pub const SPECS: Collection<Spec> = Collection::new("specs");

/// What a worker needs to know to run it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    /// The container image to run in.
    pub image: Option<String>,
    /// What to run.
    pub command: Option<String>,
    /// Anything else that the worker understands.
    pub config: Map<String, Value>,
    /// The tests to run; all if none is named.
    pub tests: Vec<String>,
}
