//! `POST /api/execution`: a run for the queue.

use serde::Deserialize;
use serde_json::{Map, Value};
use stoa_guest::prelude::*;

use crate::check::{self, number};
use crate::run::{self, Log, PRIORITY_MAX, Run};
use crate::spec::{SPECS, Spec};
use crate::status::{Counts, Status};
use crate::view::RunView;

/// Neither before nor after others.
const PRIORITY_DEFAULT: u32 = 5;
/// A worker may die, and the next one as well; a third death is the run's own doing.
const MAX_ATTEMPTS_DEFAULT: u32 = 3;
const MAX_ATTEMPTS: (u32, u32) = (1, 10);
const TIMEOUT_SECONDS_DEFAULT: u32 = 3_600;
/// A day: whoever needs more has several runs.
const TIMEOUT_SECONDS: (u32, u32) = (1, 86_400);

/// A test run as somebody asks for it.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewRun {
    /// What people call it; the suite if absent.
    pub name: Option<String>,
    /// The suite of tests.
    pub suite: Option<String>,
    /// What is tested, such as an address or an environment.
    pub target: Option<String>,
    pub branch: Option<String>,
    /// The container image to run in.
    pub image: Option<String>,
    /// What to run; at most 8 KiB.
    pub command: Option<String>,
    /// Anything else that workers understand; at most 32 KiB.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// The tests to run, at most 1,000; all if none is named.
    #[serde(default)]
    pub tests: Vec<String>,
    /// 0 to 9, the higher the earlier; 5 if absent.
    #[schema(max = 9)]
    pub priority: Option<u32>,
    /// Words to find it by, at most 20.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Capabilities that its worker has to offer, at most 7.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Workers that may die over it, 1 to 10; 3 if absent.
    #[schema(min = 1, max = 10)]
    pub max_attempts: Option<u32>,
    /// Of one attempt, 1 to 86,400; 3,600 if absent.
    #[schema(min = 1, max = 86400)]
    pub timeout_seconds: Option<u32>,
}

pub fn create(caller: Caller, Json(new): Json<NewRun>) -> Result<Created<Json<RunView>>> {
    let (run, spec) = new.checked(caller.user()?)?;
    let id = random::ulid();
    SPECS.create(&id, &spec)?;
    run::change(&id, &run)?;
    Ok(Created(Json(RunView::of(id, run))))
}

impl NewRun {
    fn checked(self, by: &str) -> Result<(Run, Spec)> {
        let suite = check::optional_line("suite", self.suite.as_deref())?;
        let name = check::optional_line("name", self.name.as_deref())?;
        let name = name.or_else(|| suite.clone());
        let name =
            name.ok_or_else(|| Problem::invalid("name", "name or suite has to be there."))?;
        let requires = check::words("requires", &self.requires, check::CAPABILITIES_MAX)?;
        let priority = number(
            "priority",
            self.priority,
            PRIORITY_DEFAULT,
            (0, PRIORITY_MAX),
        )?;
        let now = clock::now_ms();
        let run = Run {
            name,
            suite,
            target: check::optional_line("target", self.target.as_deref())?,
            branch: check::optional_line("branch", self.branch.as_deref())?,
            labels: check::words("labels", &self.labels, check::LABELS_MAX)?,
            requirement: requires.join(","),
            priority,
            rank: PRIORITY_MAX - priority,
            max_attempts: number(
                "maxAttempts",
                self.max_attempts,
                MAX_ATTEMPTS_DEFAULT,
                MAX_ATTEMPTS,
            )?,
            timeout_seconds: number(
                "timeoutSeconds",
                self.timeout_seconds,
                TIMEOUT_SECONDS_DEFAULT,
                TIMEOUT_SECONDS,
            )?,
            status: Status::Queued,
            attempt: 0,
            attempts_before: 0,
            attempts: Vec::new(),
            lease: None,
            due_at: None,
            cancelling: false,
            counts: Counts::default(),
            result_set: 0,
            results_kept: 0,
            log: Log::default(),
            artefacts: 0,
            message: None,
            created_by: Some(by.to_owned()),
            created_at: clock::rfc3339(now),
            queued_at: now,
            started_at: None,
            finished_at: None,
        };
        let spec = Spec {
            image: check::optional_line("image", self.image.as_deref())?,
            command: check::command(self.command.as_deref())?,
            config: check::config(self.config)?,
            tests: check::tests(&self.tests)?,
        };
        Ok((run, spec))
    }
}
