//! A job as it is stored.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::slugs::Slugs;

/// Jobs among the shelves of slugs.
pub const SHELF: &str = "jobs";

/// All jobs. A job's id is the document's id.
pub const JOBS: Collection<Job> = Collection::new("jobs");

/// Whether one can apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// Administrators alone see it.
    Draft,
    /// Everybody can apply.
    #[default]
    Open,
    /// Everybody sees it, nobody can apply.
    Closed,
}

impl JobStatus {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// What kind of contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
pub enum Employment {
    #[default]
    FullTime,
    PartTime,
    Contract,
    Internship,
}

impl Employment {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FullTime => "full_time",
            Self::PartTime => "part_time",
            Self::Contract => "contract",
            Self::Internship => "internship",
        }
    }
}

/// What a year is paid with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salary {
    pub least: Money,
    pub most: Money,
}

/// A stored job. Lists leave out what is long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    #[serde(flatten)]
    pub slugs: Slugs,
    pub title: String,
    /// As it was written, in Markdown.
    #[serde(default)]
    pub source: String,
    /// What became of it.
    #[serde(default)]
    pub html: String,
    /// Its beginning.
    pub summary: String,
    pub department: Option<String>,
    pub location: Option<String>,
    pub remote: bool,
    pub employment: Employment,
    pub requirements: Vec<String>,
    pub salary: Option<Salary>,
    pub status: JobStatus,
    /// When it was first open.
    pub opened_at: Option<u64>,
    /// When it closes by itself.
    pub closes_at: Option<u64>,
    pub created_at: u64,
    pub updated_at: u64,
}

/// Everything that lists show.
pub const LISTED: &[&str] = &[
    "slug",
    "title",
    "summary",
    "department",
    "location",
    "remote",
    "employment",
    "requirements",
    "salary",
    "status",
    "openedAt",
    "closesAt",
    "createdAt",
    "updatedAt",
];

impl Job {
    /// Whether the caller may know of it.
    pub fn is_seen_by(&self, caller: &Caller) -> bool {
        self.status != JobStatus::Draft || caller.is_admin()
    }
}
