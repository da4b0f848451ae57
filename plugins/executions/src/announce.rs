//! What others are told. Every change of a run that somebody could see goes through [`announce`], but for what ends by its age
//! alone: logs, results, files.

use serde::Serialize;
use stoa_guest::prelude::*;

use crate::run::Run;
use crate::status::{Counts, Status};

const EVENT: &str = "execution.updated";

/// Where the people of the organisation listen.
const CHANNEL: &str = "executions/runs";

/// A run that has changed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Updated<'a> {
    execution_id: &'a str,
    name: &'a str,
    status: Status,
    priority: u32,
    labels: &'a [String],
    attempt: u32,
    cancelling: bool,
    counts: Counts,
    log_lines: u64,
    artefacts: u32,
    message: Option<&'a str>,
    at: String,
}

/// Tells everybody how a run is now; of one run in order. With `status` `queued` it is the hint for workers that there is
/// something to lease: where events are passed on to a stream, they may wait there instead of asking again and again.
pub fn announce(id: &str, run: &Run) -> Result<()> {
    let updated = Updated {
        execution_id: id,
        name: &run.name,
        status: run.status,
        priority: run.priority,
        labels: &run.labels,
        attempt: run.attempt,
        cancelling: run.cancelling,
        counts: run.counts,
        log_lines: run.log.lines,
        artefacts: run.artefacts,
        message: run.message.as_deref(),
        at: clock::rfc3339(clock::now_ms()),
    };
    live::push_passing(CHANNEL, EVENT, &updated)?;
    events::raise(EVENT, id, &updated)
}
