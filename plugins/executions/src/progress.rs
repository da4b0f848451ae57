//! `POST /api/execution/{id}/progress`: a worker is alive, and tells what has happened since.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::attempt::Token;
use crate::logs::{self, NewLine};
use crate::reap;
use crate::results::{self, Case};
use crate::run;
use crate::status::Status;

/// What a worker tells on its way. Without lines and results it is a heartbeat.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Progress {
    /// The lease that the worker was given.
    pub lease: String,
    /// Lines for the log, at most 1,000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub lines: Vec<NewLine>,
    /// Cases that have ended, at most 1,000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub results: Vec<Case>,
}

/// What a worker is told.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub status: Status,
    /// Whether the run is over for this worker: it was cancelled, or it took too long.
    pub stop: bool,
    /// RFC 3339; absent when the run is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_expires_at: Option<String>,
    /// Whether the log has no room for more lines.
    pub log_truncated: bool,
}

pub fn progress(Path(id): Path<String>, Json(progress): Json<Progress>) -> Result<Json<Standing>> {
    let mut run = run::find(&id)?;
    run.lease_of(&Token(progress.lease))?;
    let is_heartbeat = progress.lines.is_empty() && progress.results.is_empty();
    logs::append(&id, &mut run, progress.lines)?;
    let cases = results::checked(progress.results)?;
    results::append(&id, &mut run, cases)?;
    let stop = reap::stop(&mut run)?;
    run.extend();
    if is_heartbeat && !stop {
        run::keep(&id, &run)?;
    } else {
        run::change(&id, &run)?;
    }
    let lease = run.lease.as_ref();
    Ok(Json(Standing {
        status: run.status,
        stop,
        lease_expires_at: lease.map(|lease| clock::rfc3339(lease.expires_at)),
        log_truncated: run.log.truncated,
    }))
}
