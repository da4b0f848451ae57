//! What may become of a run and of its test cases.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// How far a run is. A finished one is queued again by people alone; a running one if its worker died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Waits for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// Ended well.
    Passed,
    /// Tests failed.
    Failed,
    /// The tests could not be run, or the workers died too often.
    Errored,
    /// Somebody cancelled it.
    Cancelled,
    /// It took longer than it may.
    TimedOut,
}

impl Status {
    /// As it is stored and told.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed-out",
        }
    }

    /// Whether nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// How a worker says that a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Passed,
    Failed,
    Errored,
}

impl From<Verdict> for Status {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Failed => Self::Failed,
            Verdict::Errored => Self::Errored,
        }
    }
}

/// How a test case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum CaseStatus {
    Passed,
    /// An assertion did not hold.
    Failed,
    /// It broke on the way.
    Errored,
    Skipped,
}

/// How many test cases ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pub total: u32,
    pub passed: u32,
    pub failed: u32,
    pub errored: u32,
    pub skipped: u32,
}

impl Counts {
    pub const fn add(&mut self, status: CaseStatus) {
        let of = match status {
            CaseStatus::Passed => &mut self.passed,
            CaseStatus::Failed => &mut self.failed,
            CaseStatus::Errored => &mut self.errored,
            CaseStatus::Skipped => &mut self.skipped,
        };
        *of = of.saturating_add(1);
        self.total = self.total.saturating_add(1);
    }

    /// What a report without a verdict says: tests that fail fail the run.
    pub const fn verdict(&self) -> Option<Verdict> {
        match (self.total, self.failed + self.errored) {
            (0, _) => None,
            (_, 0) => Some(Verdict::Passed),
            _ => Some(Verdict::Failed),
        }
    }
}
