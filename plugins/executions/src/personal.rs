//! What is kept about people: who queued a run.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::prelude::*;

use crate::run::RUNS;

/// Runs that are told, the newest first, and that are changed at once: pages of the store.
const PAGE: u32 = 200;
/// Pages that one event changes, within what one transaction may write; the rest is left to the next.
const PAGES_MAX: u32 = 4;
/// By which the plugin asks itself to go on.
const GO_ON: &str = "execution.forget";
/// This plugin.
const SELF: &str = "executions";

/// Somebody who is here no more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    user_id: String,
}

pub fn personal_data(account: &str) -> Result<Value> {
    let page = RUNS
        .query()
        .filter(eq("createdBy", account))
        .sort_desc("createdAt")
        .limit(PAGE)
        .run()?;
    let told = page.items.into_iter().map(|stored| {
        let run = stored.value;
        json!({"id": stored.id, "name": run.name, "status": run.status, "createdAt": run.created_at})
    });
    let runs: Vec<Value> = told.collect();
    if runs.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({ "testRuns": runs }))
}

/// The runs stay; whose they were goes.
pub fn forget(event: Event<Erased>) -> Result<()> {
    let expected = if event.name == GO_ON { SELF } else { "host" };
    if event.source != expected {
        log::warn!("{} can't say that somebody is erased", event.source);
        return Ok(());
    }
    for _ in 0..PAGES_MAX {
        let of_account = eq("createdBy", event.payload.user_id.as_str());
        let page = RUNS.query().filter(of_account).limit(PAGE).run()?;
        if page.items.is_empty() {
            return Ok(());
        }
        for stored in page.items {
            let mut run = stored.value;
            run.created_by = None;
            RUNS.put(&stored.id, &run)?;
        }
    }
    events::raise(GO_ON, &event.payload.user_id, &event.payload)
}
