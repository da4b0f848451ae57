//! How a worker gets a run.
//!
//! All workers look at the same queue, so all of them would reach for its first run: one would get it, the others would
//! run into conflicts and begin again. So each looks at a few of the oldest runs of the highest priority and takes one
//! at random; among these few, age does not count. Whether a run is still queued is read from the run itself, and what was
//! read is unchanged when the request commits, or the host runs it again: no run is given to two.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_guest::prelude::*;

use crate::attempt::Token;
use crate::chance;
use crate::check;
use crate::limits;
use crate::reap;
use crate::run::{self, RUNS, Run};
use crate::slots::{self, Place};
use crate::spec::{SPECS, Spec};
use crate::status::Status;

/// A worker's name, if it has none.
const NAMELESS: &str = "worker";
/// Looks at the queue in one request: between a look and the choice, others may have taken what was seen.
const LOOKS_MAX: usize = 8;

/// What a worker offers.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Offer {
    /// As it calls itself; shown with the run.
    pub worker: Option<String>,
    /// What it can do, at most 7 words: it gets runs that require none but these.
    #[schema(max_items = 7)]
    pub capabilities: Vec<String>,
}

/// A run that was given to a worker.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    pub id: String,
    /// To be shown with every report. It opens nothing but this run.
    pub lease: String,
    /// Seconds of silence after which the run is given to another.
    pub lease_seconds: u64,
    /// RFC 3339.
    pub lease_expires_at: String,
    /// RFC 3339: when the run has taken too long.
    pub deadline_at: String,
    /// From 1.
    pub attempt: u32,
    pub name: String,
    pub suite: Option<String>,
    pub target: Option<String>,
    pub branch: Option<String>,
    pub labels: Vec<String>,
    pub priority: u32,
    pub timeout_seconds: u32,
    pub image: Option<String>,
    pub command: Option<String>,
    pub config: Map<String, Value>,
    pub tests: Vec<String>,
}

/// Only what the choice needs to know of a run.
#[derive(Debug, Deserialize)]
struct Candidate {
    rank: u32,
}

const CANDIDATES: Collection<Candidate> = Collection::new("runs");

pub fn lease(Json(offer): Json<Offer>) -> Result<Response> {
    let worker = check::optional_line("worker", offer.worker.as_deref())?;
    let worker = worker.unwrap_or_else(|| NAMELESS.into());
    let capabilities = check::words("capabilities", &offer.capabilities, check::CAPABILITIES_MAX)?;
    if let Some(assignment) = take(&worker, &capabilities)? {
        return Json(assignment).into_response();
    }
    // Perhaps all that is left, or all places, are those of the dead.
    if reap::one()?
        && let Some(assignment) = take(&worker, &capabilities)?
    {
        return Json(assignment).into_response();
    }
    NoContent.into_response()
}

fn take(worker: &str, capabilities: &[String]) -> Result<Option<Assignment>> {
    let Some((id, mut run)) = choose(capabilities)? else {
        return Ok(None);
    };
    let slot = match slots::take(&id)? {
        Place::Unbounded => None,
        Place::Taken(slot) => Some(slot),
        Place::None => return Ok(None),
    };
    let token = run.begin(worker.into(), slot);
    run::change(&id, &run)?;
    let spec = SPECS.get(&id)?.unwrap_or_default();
    Ok(assignment(id, run, token, spec))
}

/// One of the oldest runs of the highest priority that the worker can do.
fn choose(capabilities: &[String]) -> Result<Option<(String, Run)>> {
    for _ in 0..LOOKS_MAX {
        let Some(id) = candidate(capabilities)? else {
            return Ok(None);
        };
        let run = RUNS.get(&id)?;
        if let Some(run) = run.filter(|run| run.status == Status::Queued) {
            return Ok(Some((id, run)));
        }
    }
    Ok(None)
}

fn candidate(capabilities: &[String]) -> Result<Option<String>> {
    let found = CANDIDATES
        .query()
        .filter(eq("status", Status::Queued.word()).and(doable(capabilities)))
        .sort_asc("rank")
        .sort_asc("queuedAt")
        .limit(limits::lease_spread())
        .fields(&["rank"])
        .run()?;
    let best = found.items.first().map(|first| first.value.rank);
    let is_best = |candidate: &&Stored<Candidate>| Some(candidate.value.rank) == best;
    let equals: Vec<_> = found.items.iter().take_while(is_best).collect();
    let chosen = chance::shuffled(&equals).into_iter().next();
    Ok(chosen.map(|chosen| chosen.id.clone()))
}

/// Runs that require nothing but these: each set of them, as runs write it.
fn doable(capabilities: &[String]) -> Filter {
    let mut sets = vec![String::new()];
    for capability in capabilities {
        let with = |set: &String| match set.as_str() {
            "" => capability.clone(),
            set => format!("{set},{capability}"),
        };
        let larger: Vec<String> = sets.iter().map(with).collect();
        sets.extend(larger);
    }
    one_of("requirement", sets)
}

fn assignment(id: String, run: Run, token: Token, spec: Spec) -> Option<Assignment> {
    let lease = run.lease?;
    Some(Assignment {
        id,
        lease: token.0,
        lease_seconds: limits::lease_seconds(),
        lease_expires_at: clock::rfc3339(lease.expires_at),
        deadline_at: clock::rfc3339(lease.deadline),
        attempt: run.attempt,
        name: run.name,
        suite: run.suite,
        target: run.target,
        branch: run.branch,
        labels: run.labels,
        priority: run.priority,
        timeout_seconds: run.timeout_seconds,
        image: spec.image,
        command: spec.command,
        config: spec.config,
        tests: spec.tests,
    })
}
