//! An application for a job: as it is sent, stored and shown.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::check;
use crate::cv::{Cv, NewFile};
use crate::job::Job;

/// All applications. An application's id is the document's id.
pub const APPLICATIONS: Collection<Application> = Collection::new("applications");

/// Characters of a cover letter: two pages.
const LETTER_CHARS_MAX: usize = 10_000;
/// Characters of a telephone number with all that people write around it.
const PHONE_CHARS_MAX: usize = 40;
/// Addresses that an applicant points to.
const LINKS_MAX: usize = 5;

/// How far it has come. It only goes on, and ends as accepted or rejected.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Schema,
)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationStatus {
    #[default]
    Received,
    Reviewing,
    Interview,
    Accepted,
    Rejected,
}

impl ApplicationStatus {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Reviewing => "reviewing",
            Self::Interview => "interview",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// Whether it may become another one.
    pub fn may_become(self, next: Self) -> bool {
        let is_final = matches!(self, Self::Accepted | Self::Rejected);
        !is_final && next > self
    }
}

/// What an applicant sends.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApplication {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The account's own if absent, for who is signed in.
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    /// Plain text, at most 10,000 characters.
    #[serde(default)]
    pub cover_letter: Option<String>,
    /// Addresses such as of a portfolio, at most 5.
    #[serde(default)]
    pub links: Vec<String>,
    /// The CV itself.
    #[serde(default)]
    pub cv: Option<NewFile>,
    /// `blob:` and the id of one of the caller's own uploads, instead of `cv`; it is copied.
    #[serde(default)]
    pub cv_blob: Option<String>,
}

/// A stored application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    pub job_id: String,
    pub job_title: String,
    pub name: String,
    /// In lower case; one application per address and job.
    pub email: String,
    pub phone: Option<String>,
    pub cover_letter: String,
    pub links: Vec<String>,
    pub cv: Option<Cv>,
    /// The account that sent it, or that proved that the address is its own.
    pub account_id: Option<String>,
    pub status: ApplicationStatus,
    /// What administrators noted.
    pub note: Option<String>,
    pub created_at: u64,
    pub updated_at: u64,
    /// When it is removed.
    pub lapses_at: u64,
}

impl Application {
    /// Moves it on; what stays as it is may be anywhere on the way.
    pub fn decide(&mut self, next: ApplicationStatus) -> Result<()> {
        if next != self.status && !self.status.may_become(next) {
            let (from, to) = (self.status.word(), next.word());
            let detail = format!("What is {from} does not become {to}.");
            return Err(Problem::conflict("status-passed", detail).with_field("status"));
        }
        self.status = next;
        Ok(())
    }
}

impl NewApplication {
    /// The address, as it is compared.
    pub fn email(&self, caller: &Caller) -> Result<String> {
        let email = self.email.as_deref().or(caller.email.as_deref());
        let email = email.ok_or_else(|| Problem::invalid("email", "email is required."))?;
        check::email("email", email)
    }

    /// The application that is to be stored.
    pub fn application(
        &self,
        caller: &Caller,
        (job_id, job): (&str, &Job),
        lapses_at: u64,
    ) -> Result<Application> {
        let now = clock::now_ms();
        let letter = self.cover_letter.as_deref().unwrap_or_default();
        Ok(Application {
            job_id: job_id.to_owned(),
            job_title: job.title.clone(),
            name: check::line("name", &self.name, check::LABEL_CHARS_MAX)?,
            email: self.email(caller)?,
            phone: check::optional_line("phone", self.phone.as_deref(), PHONE_CHARS_MAX)?,
            cover_letter: check::prose("coverLetter", letter, LETTER_CHARS_MAX)?,
            links: check::list("links", &self.links, LINKS_MAX, |field, link| {
                check::web_url(field, link)
            })?,
            cv: self.cv(caller)?,
            account_id: caller.is_signed_in().then(|| caller.id.clone()),
            status: ApplicationStatus::Received,
            note: None,
            created_at: now,
            updated_at: now,
            lapses_at,
        })
    }

    fn cv(&self, caller: &Caller) -> Result<Option<Cv>> {
        match (&self.cv, &self.cv_blob) {
            (Some(_), Some(_)) => {
                let detail = "cv and cvBlob exclude each other.";
                Err(Problem::invalid("cvBlob", detail))
            }
            (Some(file), None) => Cv::sent(file).map(Some),
            (None, Some(named)) => Cv::uploaded(caller, named).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// What an applicant gets for an application.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub id: String,
    pub job_id: String,
    pub status: ApplicationStatus,
    pub created_at: String,
}

/// An application as administrators see it. Times are RFC 3339.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationView {
    pub id: String,
    pub job_id: String,
    pub job_title: String,
    pub name: String,
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    pub cover_letter: String,
    pub links: Vec<String>,
    /// The CV's file name; the file itself is fetched by a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cv_name: Option<String>,
    pub status: ApplicationStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub created_at: String,
    pub updated_at: String,
    /// When it is removed.
    pub lapses_at: String,
}

impl ApplicationView {
    pub fn of(id: String, application: Application) -> Self {
        Self {
            id,
            job_id: application.job_id,
            job_title: application.job_title,
            name: application.name,
            email: application.email,
            phone: application.phone,
            cover_letter: application.cover_letter,
            links: application.links,
            cv_name: application.cv.map(|cv| cv.name),
            status: application.status,
            note: application.note,
            created_at: clock::rfc3339(application.created_at),
            updated_at: clock::rfc3339(application.updated_at),
            lapses_at: clock::rfc3339(application.lapses_at),
        }
    }
}
