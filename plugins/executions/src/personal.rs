//! What is kept about people: who queued a run. Erased, the run stays, and whose it was goes.

use serde_json::{Value, json};
use stoa_guest::personal_data::{Erased, Kept, forget_some};
use stoa_guest::prelude::*;

use crate::run::{RUNS, Run};

/// Runs that are changed at once.
const PORTION: u32 = 200;
/// By which the plugin goes on.
const FORGETTING: &str = "executions.forgetting";

pub fn personal_data(account: &str) -> Result<Value> {
    let own = RUNS.query().filter(eq("createdBy", account));
    let told = |stored: Stored<Run>| {
        let run = stored.value;
        json!({
            "id": stored.id,
            "name": run.name,
            "status": run.status,
            "createdAt": run.created_at,
        })
    };
    let kept = Kept::new().list("testRuns", own.sort_desc("createdAt"), told)?;
    Ok(kept.told())
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    let own = RUNS.query().filter(eq("createdBy", account));
    let is_more = forget_some(own, PORTION, |stored| {
        let run = Run {
            created_by: None,
            ..stored.value
        };
        RUNS.put(&stored.id, &run)?;
        Ok(())
    })?;
    Erased::go_on_if(is_more, FORGETTING, account)
}
