//! What an administrator sends of a job, and how it becomes a [`Job`].

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};
use stoa_guest::FromRequest;
use stoa_guest::prelude::*;

use crate::job::{Employment, Job, JobStatus, Salary};
use crate::job_view::JobView;
use crate::slugs::Slugs;
use crate::write::{check_ahead, unset_as_read};
use crate::{check, markdown};

/// Requirements of one job.
const REQUIREMENTS_MAX: usize = 50;

/// Minor units of a salary: a hundred million dollars; larger is a slip of the keyboard.
const SALARY_MINOR_MAX: i64 = 10_000_000_000;

/// A job as an administrator writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewJob {
    /// One line, at most 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// The name in addresses: lower-case letters, digits and hyphens. Made from the title's Latin letters if absent.
    #[serde(default)]
    pub slug: Option<String>,
    /// Markdown, at most 100,000 bytes. HTML in it is kept as far as it is harmless.
    pub description: String,
    #[serde(default)]
    pub department: Option<String>,
    /// Where one works.
    #[serde(default)]
    pub location: Option<String>,
    /// Whether one may work elsewhere.
    #[serde(default)]
    pub remote: bool,
    /// `full_time` if absent, `part_time`, `contract` or `internship`.
    #[serde(default)]
    pub employment: Employment,
    /// At most 50 lines.
    #[serde(default)]
    pub requirements: Vec<String>,
    #[serde(default)]
    pub salary: Option<SalaryRange>,
    /// `open` if absent.
    #[serde(default)]
    pub status: Option<JobStatus>,
    /// When it closes by itself (RFC 3339), at most 400 days ahead.
    #[serde(default)]
    pub closes_at: Option<String>,
}

/// What a year is paid with, in major units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct SalaryRange {
    pub min: Number,
    pub max: Number,
    /// ISO 4217 code.
    pub currency: String,
}

/// Members that nobody writes.
const READ_ONLY: &[&str] = &[
    "createdAt",
    "excerpt",
    "html",
    "id",
    "openedAt",
    "seo",
    "updatedAt",
    "url",
];

/// Members of a job to change; others stay, null removes one. What can only be read may come along as it was read. What was
/// closed at its time opens without one, unless another comes along.
#[derive(Debug, Deserialize, Schema)]
pub struct JobChange(Map<String, Value>);

impl SalaryRange {
    /// As it is shown.
    pub fn of(salary: &Salary) -> Self {
        Self {
            min: salary.least.to_major_json(),
            max: salary.most.to_major_json(),
            currency: salary.least.currency.clone(),
        }
    }

    fn salary(&self) -> Result<Salary> {
        let read = |field: &str, number: &Number| {
            let money = Money::from_major_json(number, &self.currency)
                .map_err(|error| Problem::invalid(field, format!("{error}.")))?;
            match money.minor {
                ..=SALARY_MINOR_MAX => Ok(money),
                _ => Err(Problem::invalid(field, format!("{field} is too much."))),
            }
        };
        let least = read("salary.min", &self.min)?;
        let most = read("salary.max", &self.max)?;
        if least.minor > most.minor {
            let detail = "salary.min is not more than salary.max.";
            return Err(Problem::invalid("salary.min", detail));
        }
        Ok(Salary { least, most })
    }
}

impl NewJob {
    /// A job as an administrator would write it now.
    pub fn of(job: &Job) -> Self {
        Self {
            title: job.title.clone(),
            slug: Some(job.slugs.slug.clone()),
            description: job.source.clone(),
            department: job.department.clone(),
            location: job.location.clone(),
            remote: job.remote,
            employment: job.employment,
            requirements: job.requirements.clone(),
            salary: job.salary.as_ref().map(SalaryRange::of),
            status: Some(job.status),
            closes_at: job.closes_at.map(clock::rfc3339),
        }
    }

    /// The same after a change, by somebody who has `read` it.
    pub fn changed(&self, read: &JobView, request: &Request) -> Result<Self> {
        let Json(JobChange(mut change)) = Json::from_request(request)?;
        let opens = change.get("status") == Some(&json!(JobStatus::Open));
        let is_over = self.closing()?.is_some_and(|at| at <= clock::now_ms());
        if opens && is_over && self.status == Some(JobStatus::Closed) {
            // What was closed at its time would close again.
            unset_as_read(&mut change, "closesAt", self.closes_at.as_deref());
        }
        Json::patched_as_read(self, read, READ_ONLY, change)
    }

    /// The job that is to be stored; `before` is what was there.
    pub fn job(&self, slugs: Slugs, before: Option<&Job>) -> Result<Job> {
        let now = clock::now_ms();
        let status = self.status.unwrap_or_default();
        let line = |field: &str, text: &Option<String>| {
            check::optional_line(field, text.as_deref(), check::LABEL_CHARS_MAX)
        };
        let rendered = markdown::render("description", &self.description)?;
        let opened_at = before.and_then(|before| before.opened_at);
        Ok(Job {
            slugs,
            title: check::line("title", &self.title, check::TITLE_CHARS_MAX)?,
            source: self.description.clone(),
            html: rendered.html,
            summary: rendered.summary,
            department: line("department", &self.department)?,
            location: line("location", &self.location)?,
            remote: self.remote,
            employment: self.employment,
            requirements: check::list(
                "requirements",
                &self.requirements,
                REQUIREMENTS_MAX,
                |field, text| check::line(field, text, check::TITLE_CHARS_MAX),
            )?,
            salary: self.salary.as_ref().map(SalaryRange::salary).transpose()?,
            status,
            opened_at: opened_at.or((status == JobStatus::Open).then_some(now)),
            closes_at: self.closes_at(status, now)?,
            created_at: before.map_or(now, |before| before.created_at),
            updated_at: now,
        })
    }

    /// When it closes by itself.
    fn closing(&self) -> Result<Option<u64>> {
        let at = self.closes_at.as_deref();
        at.map(|text| check::time("closesAt", text)).transpose()
    }

    fn closes_at(&self, status: JobStatus, now: u64) -> Result<Option<u64>> {
        let at = self.closing()?;
        if let Some(at) = at {
            if at <= now && status == JobStatus::Open {
                let detail = "What is open closes at a time to come.";
                return Err(Problem::unprocessable("closesAt", detail));
            }
            check_ahead("closesAt", at, now)?;
        }
        Ok(at)
    }
}
