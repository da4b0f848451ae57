//! What people see of a run. Never a lease.

use serde::Serialize;
use serde_json::{Map, Value};
use stoa_guest::prelude::*;

use crate::attempt::Attempt;
use crate::results::ResultPage;
use crate::run::Run;
use crate::spec::Spec;
use crate::status::{Counts, Status};

/// A test run.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    pub id: String,
    pub name: String,
    pub suite: Option<String>,
    pub target: Option<String>,
    pub branch: Option<String>,
    pub labels: Vec<String>,
    /// Capabilities that its worker has to offer.
    pub requires: Vec<String>,
    pub priority: u32,
    pub status: Status,
    /// Whether it ends as soon as its worker reports.
    pub cancelling: bool,
    /// Why it is as it is.
    pub message: Option<String>,
    /// Attempts that were begun.
    pub attempt: u32,
    pub max_attempts: u32,
    pub timeout_seconds: u32,
    /// Who has or had it last.
    pub worker: Option<String>,
    /// Results of the newest attempt.
    pub counts: Counts,
    pub log_lines: u64,
    pub artefacts: u32,
    /// The account that queued it.
    pub created_by: Option<String>,
    /// RFC 3339, as all times.
    pub created_at: String,
    pub queued_at: String,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
}

/// An attempt.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    pub number: u32,
    pub worker: String,
    pub status: Status,
    pub reason: Option<String>,
    pub started_at: String,
    pub finished_at: Option<String>,
}

/// A test run with all that is told of it.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    #[serde(flatten)]
    pub run: RunView,
    pub image: Option<String>,
    pub command: Option<String>,
    pub config: Map<String, Value>,
    pub tests: Vec<String>,
    /// The last twenty.
    pub attempts: Vec<AttemptView>,
    /// The first hundred; the others are under `/results`.
    pub results: ResultPage,
}

impl RunView {
    pub fn of(id: String, run: Run) -> Self {
        let words = run.requirement.split(',').filter(|word| !word.is_empty());
        Self {
            id,
            requires: words.map(Into::into).collect(),
            worker: run.attempts.last().map(|last| last.worker.clone()),
            name: run.name,
            suite: run.suite,
            target: run.target,
            branch: run.branch,
            labels: run.labels,
            priority: run.priority,
            status: run.status,
            cancelling: run.cancelling,
            message: run.message,
            attempt: run.attempt,
            max_attempts: run.max_attempts,
            timeout_seconds: run.timeout_seconds,
            counts: run.counts,
            log_lines: run.log.lines,
            artefacts: run.artefacts,
            created_by: run.created_by,
            created_at: run.created_at,
            queued_at: clock::rfc3339(run.queued_at),
            started_at: run.started_at.map(clock::rfc3339),
            finished_at: run.finished_at.map(clock::rfc3339),
        }
    }
}

impl RunDetails {
    pub fn of(id: String, run: Run, spec: Spec, results: ResultPage) -> Self {
        let attempts = run.attempts.iter().map(AttemptView::of).collect();
        Self {
            run: RunView::of(id, run),
            image: spec.image,
            command: spec.command,
            config: spec.config,
            tests: spec.tests,
            attempts,
            results,
        }
    }
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            worker: attempt.worker.clone(),
            status: attempt.status,
            reason: attempt.reason.clone(),
            started_at: clock::rfc3339(attempt.started_at),
            finished_at: attempt.finished_at.map(clock::rfc3339),
        }
    }
}
