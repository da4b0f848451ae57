//! What a plugin keeps about people, on its way to the host.

use serde::Serialize;

use crate::Result;

/// What the plugin's function answered, as the host takes it.
///
/// # Errors
/// The function's problem, or what keeps its answer from being JSON, in words for the operator.
#[doc(hidden)]
pub fn told<T: Serialize>(kept: Result<T>) -> Result<String, String> {
    let kept = kept.map_err(|problem| format!("{}: {}", problem.code, problem.detail))?;
    serde_json::to_string(&kept).map_err(|error| error.to_string())
}
