//! A run: the document that its people and its worker change, and every way in which it moves.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::announce;
use crate::attempt::{Attempt, Token};
use crate::limits;
use crate::slots;
use crate::status::{Counts, Status};

pub const RUNS: Collection<Run> = Collection::new("runs");

/// The highest priority.
pub const PRIORITY_MAX: u32 = 9;
/// Attempts that are remembered; older ones are history that nobody asks for.
const ATTEMPTS_KEPT: usize = 20;

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub name: String,
    pub suite: Option<String>,
    pub target: Option<String>,
    pub branch: Option<String>,
    pub labels: Vec<String>,
    /// The capabilities that a worker needs, sorted and joined by commas: a key that queries compare.
    pub requirement: String,
    pub priority: u32,
    /// [`PRIORITY_MAX`] less the priority: an index goes one way.
    pub rank: u32,
    /// Workers that may die over it before it counts as errored.
    pub max_attempts: u32,
    /// Of one attempt.
    pub timeout_seconds: u32,
    pub status: Status,
    /// Attempts that were begun, in all.
    pub attempt: u32,
    /// Attempts that were begun before somebody queued it last.
    pub attempts_before: u32,
    /// The last of them, the newest at the end.
    pub attempts: Vec<Attempt>,
    /// Present while a worker has it.
    pub lease: Option<Lease>,
    /// When something has to be done unless the worker reports; present while a worker has it.
    pub due_at: Option<u64>,
    /// Whether the worker is to be told to stop.
    pub cancelling: bool,
    pub counts: Counts,
    /// Which of the stored results count: those of the newest attempt, or its final report.
    pub result_set: u32,
    /// Results that are stored of them.
    pub results_kept: u64,
    pub log: Log,
    pub artefacts: u32,
    /// Why it is as it is.
    pub message: Option<String>,
    /// The account that queued it, until that is erased.
    pub created_by: Option<String>,
    /// RFC 3339: times that lists compare are written as clients write them.
    pub created_at: String,
    pub queued_at: u64,
    pub started_at: Option<u64>,
    pub finished_at: Option<u64>,
}

/// How long a worker has the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// When the worker counts as dead.
    pub expires_at: u64,
    /// When the attempt has taken too long.
    pub deadline: u64,
    /// The place among the running runs that the plan allows.
    pub slot: Option<u32>,
}

/// How much of a log there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    pub lines: u64,
    pub bytes: u64,
    /// Whether there was more than is kept.
    pub truncated: bool,
}

/// The run, or 404.
pub fn find(id: &str) -> Result<Run> {
    RUNS.get(id)?.ok_or_else(|| Problem::not_found("test run"))
}

/// Writes the run; nobody is told. For reports that change nothing that others see.
pub fn keep(id: &str, run: &Run) -> Result<()> {
    RUNS.put(id, run)?;
    Ok(())
}

/// Writes the run and tells everybody.
pub fn change(id: &str, run: &Run) -> Result<()> {
    keep(id, run)?;
    announce::announce(id, run)
}

/// What a worker is told whose lease is over: another one may have the run.
pub fn lease_lost() -> Problem {
    Problem::conflict(
        "lease-lost",
        "This lease is over; the run is no longer yours.",
    )
}

impl Run {
    /// Gives it to a worker.
    pub fn begin(&mut self, worker: String, slot: Option<u32>) -> Token {
        let now = clock::now_ms();
        let token = Token::fresh();
        self.attempt += 1;
        self.attempts.push(Attempt {
            number: self.attempt,
            token: token.clone(),
            worker,
            started_at: now,
            finished_at: None,
            status: Status::Running,
            reason: None,
            is_lost: false,
        });
        if self.attempts.len() > ATTEMPTS_KEPT {
            self.attempts.remove(0);
        }
        self.status = Status::Running;
        self.started_at = Some(now);
        self.finished_at = None;
        self.message = None;
        self.forget_results();
        let deadline = now.saturating_add(u64::from(self.timeout_seconds) * 1_000);
        self.lease = Some(Lease {
            expires_at: now,
            deadline,
            slot,
        });
        self.extend();
        token
    }

    /// The worker is alive: the lease begins anew.
    pub fn extend(&mut self) {
        if let Some(lease) = &mut self.lease {
            lease.expires_at = clock::now_ms().saturating_add(limits::lease_ms());
            self.due_at = Some(lease.expires_at.min(lease.deadline));
        }
    }

    /// The lease under which this token speaks for the run.
    ///
    /// # Errors
    /// 409 `lease-lost` when it is over, or another worker's.
    pub fn lease_of(&self, token: &Token) -> Result<&Lease> {
        let lease = self.lease.as_ref().ok_or_else(lease_lost)?;
        let is_newest = self
            .attempts
            .last()
            .is_some_and(|last| last.token == *token);
        if is_newest && clock::now_ms() < lease.expires_at {
            Ok(lease)
        } else {
            Err(lease_lost())
        }
    }

    /// The attempt that this token was given for, over or not.
    pub fn attempt_of(&self, token: &Token) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.token == *token)
    }

    /// Results are told from the beginning.
    pub fn forget_results(&mut self) {
        self.result_set += 1;
        self.results_kept = 0;
        self.counts = Counts::default();
    }

    /// Puts it where workers find it, on somebody's wish.
    pub fn queue(&mut self) {
        self.status = Status::Queued;
        self.queued_at = clock::now_ms();
        self.attempts_before = self.attempt;
        self.finished_at = None;
        self.cancelling = false;
        self.message = None;
    }

    /// Puts it back: it keeps its age, so that it comes first among its equals.
    pub fn requeue(&mut self, reason: &str) -> Result<()> {
        self.end_attempt(Status::Errored, Some(reason.into()))?;
        self.status = Status::Queued;
        Ok(())
    }

    /// Notes that nobody heard of the worker any more, whatever becomes of the run.
    pub fn give_up(&mut self) {
        if let Some(last) = self.attempts.last_mut() {
            last.is_lost = true;
        }
    }

    /// Ends it.
    pub fn finish(&mut self, status: Status, reason: Option<String>) -> Result<()> {
        self.end_attempt(status, reason.clone())?;
        self.status = status;
        self.finished_at = Some(clock::now_ms());
        self.message = reason;
        self.cancelling = false;
        Ok(())
    }

    /// Whether another worker may try after one has died.
    pub const fn may_try_again(&self) -> bool {
        self.attempt - self.attempts_before < self.max_attempts
    }

    fn end_attempt(&mut self, status: Status, reason: Option<String>) -> Result<()> {
        self.due_at = None;
        let Some(lease) = self.lease.take() else {
            return Ok(());
        };
        if let Some(last) = self.attempts.last_mut() {
            last.status = status;
            last.reason = reason;
            last.finished_at = Some(clock::now_ms());
        }
        slots::give_back(lease.slot)
    }
}
