//! What people see of a job.

use serde::Serialize;
use stoa_guest::prelude::*;

use crate::job::{Employment, Job, JobStatus, SHELF};
use crate::job_write::SalaryRange;
use crate::seo::{self, SeoView};
use crate::site;

/// A job in a list. Times are RFC 3339.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct JobSummary {
    pub id: String,
    pub slug: String,
    /// The page's address.
    pub url: String,
    pub title: String,
    /// The beginning of the description.
    pub excerpt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    pub remote: bool,
    pub employment: Employment,
    pub requirements: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salary: Option<SalaryRange>,
    pub status: JobStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// A job as a whole.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct JobView {
    #[serde(flatten)]
    pub summary: JobSummary,
    /// Sanitised: it can be shown as it is.
    pub html: String,
    /// The Markdown that it was made of; shown to administrators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub seo: SeoView,
}

impl JobSummary {
    /// A job that the caller may see.
    pub fn of(id: String, job: Job) -> Self {
        Self {
            id,
            url: page(&job),
            slug: job.slugs.slug,
            title: job.title,
            excerpt: job.summary,
            department: job.department,
            location: job.location,
            remote: job.remote,
            employment: job.employment,
            requirements: job.requirements,
            salary: job.salary.as_ref().map(SalaryRange::of),
            status: job.status,
            opened_at: job.opened_at.map(clock::rfc3339),
            closes_at: job.closes_at.map(clock::rfc3339),
            created_at: clock::rfc3339(job.created_at),
            updated_at: clock::rfc3339(job.updated_at),
        }
    }
}

impl JobView {
    /// A job that the caller may see; its source is for administrators.
    pub fn of(id: String, mut job: Job, with_source: bool) -> Self {
        let seo = seo::of_job(&job);
        let html = std::mem::take(&mut job.html);
        let source = std::mem::take(&mut job.source);
        Self {
            summary: JobSummary::of(id, job),
            html,
            description: with_source.then_some(source),
            seo,
        }
    }
}

/// The address of a job's page.
pub fn page(job: &Job) -> String {
    site::url(&format!("/{SHELF}/{}", job.slugs.slug))
}
