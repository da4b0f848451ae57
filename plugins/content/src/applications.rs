//! Applications: who applies, who reads them, and when they are removed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::application::{
    APPLICATIONS, Application, ApplicationStatus, ApplicationView, NewApplication, Receipt,
};
use crate::articles::is_id;
use crate::cv::CvLink;
use crate::job::{Job, JobStatus};
use crate::{check, jobs};

/// Applications for one job: more than anybody reads, few enough that strangers can't fill the database.
const APPLICATIONS_MAX: u32 = 5_000;

/// Applications of a page: with its letter, links and note, each may have 60 KB, and the host takes 4 MiB of an answer.
const PER_PAGE_MAX: u32 = 50;

/// Days that an application is kept, at most: as long as the host keeps events for later.
const KEPT_DAYS_MAX: u64 = 400;

/// How many people have applied, by job: every application writes it, so that the bound holds.
const TALLIES: Collection<Tally> = Collection::new("tallies");

#[derive(Debug, Default, Serialize, Deserialize)]
struct Tally {
    applications: u32,
}

/// An application has been kept long enough.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lapsed {
    id: String,
}

/// What others learn of an application: not whose it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Applied<'a> {
    application_id: &'a str,
    job_id: &'a str,
    title: &'a str,
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApplicationQuery {
    /// Counted from 1, instead of an offset.
    pub page: Option<u32>,
    /// Elements of the page: 20 if absent, 50 at most.
    pub limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    pub offset: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    pub cursor: Option<String>,
    pub status: Option<ApplicationStatus>,
}

/// A page of applications, the latest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationList {
    pub items: Vec<ApplicationView>,
    /// All that match, on every page.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What is decided about an application.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    status: ApplicationStatus,
    #[serde(default)]
    note: Option<String>,
}

/// Members that only the applicant and the host write.
const READ_ONLY: &[&str] = &[
    "coverLetter",
    "createdAt",
    "cvName",
    "email",
    "id",
    "jobId",
    "jobTitle",
    "lapsesAt",
    "links",
    "name",
    "phone",
    "updatedAt",
];

/// What is decided about an application: `status`, which only goes on (`received`, `reviewing`, `interview`, and then
/// `accepted` or `rejected`), and `note`, of at most 500 characters for administrators' eyes. What is not sent stays, null
/// removes the note. What can only be read may come along as it was read.
#[derive(Debug, Deserialize, Schema)]
pub struct ApplicationChange(Map<String, Value>);

pub fn apply(
    caller: Caller,
    Path(name): Path<String>,
    Json(new): Json<NewApplication>,
) -> Result<Created<Json<Receipt>>> {
    let (job_id, job) = jobs::find(&name)?
        .filter(|(_, job)| job.is_seen_by(&caller))
        .ok_or_else(jobs::missing)?;
    check_open(&job)?;
    check_first(&job_id, &new.email(&caller)?)?;
    count(&job_id)?;
    let (id, lapses_at) = (random::ulid(), clock::now_ms() + kept_ms());
    let application = new.application(&caller, (&job_id, &job), lapses_at)?;
    APPLICATIONS.create(&id, &application)?;
    events::raise_at(
        "content.application-lapsed",
        &id,
        &Lapsed { id: id.clone() },
        lapses_at,
    )?;
    let applied = Applied {
        application_id: &id,
        job_id: &job_id,
        title: &job.title,
    };
    events::raise("job.applied", &job_id, &applied)?;
    confirm(&application);
    Ok(Created(Json(Receipt {
        id,
        job_id,
        status: application.status,
        created_at: clock::rfc3339(application.created_at),
    })))
}

fn check_open(job: &Job) -> Result<()> {
    let is_over = job.closes_at.is_some_and(|at| at <= clock::now_ms());
    if job.status == JobStatus::Open && !is_over {
        return Ok(());
    }
    Err(Problem::conflict("job-closed", "This job is closed."))
}

/// The collection's unique fields say the same; here it is said before the CV is kept.
fn check_first(job_id: &str, email: &str) -> Result<()> {
    let same = eq("jobId", job_id).and(eq("email", email));
    let found = APPLICATIONS.query().filter(same).limit(1).run()?;
    if found.items.is_empty() {
        return Ok(());
    }
    let detail = "Somebody with this address has applied for this job already.";
    Err(Problem::conflict("already-applied", detail).with_field("email"))
}

fn count(job_id: &str) -> Result<()> {
    let mut tally = TALLIES.get_or_default(job_id)?;
    tally.applications += 1;
    if tally.applications > APPLICATIONS_MAX {
        let detail = "This job takes no more applications.";
        return Err(Problem::conflict("job-full", detail));
    }
    TALLIES.put(job_id, &tally)?;
    Ok(())
}

fn kept_ms() -> u64 {
    let days = settings::get("applications_kept_days").unwrap_or(180);
    u64::clamp(days, 1, KEPT_DAYS_MAX) * 86_400_000
}

/// Writes to the applicant. Nothing that the applicant wrote is in it: the address may be anybody's.
fn confirm(application: &Application) {
    let text = format!(
        "Thank you for applying for \u{201c}{}\u{201d}. We have received your application and will get back to you.\n\n\
         If it was not you who applied, write to us, and we remove it.\n",
        application.job_title
    );
    let to = mail::Recipient::Address(application.email.clone());
    if let Err(error) = mail::send(to, "We have received your application", &text) {
        // The application counts, even on a day of too many letters.
        log::warn!("no letter to an applicant: {error:?}");
    }
}

pub fn list_applications(
    Path(job_id): Path<String>,
    Query(query): Query<ApplicationQuery>,
) -> Result<Json<ApplicationList>> {
    let _ = jobs::by_id(&job_id)?.ok_or_else(jobs::missing)?;
    let cursor = query.cursor.as_deref();
    // Cut before pages are counted: they follow each other without a gap.
    let limit = query.limit.map(|limit| limit.min(PER_PAGE_MAX));
    let window = Window::numbered(query.page, limit, query.offset, cursor)?;
    let status = query.status.map(|status| eq("status", status.word()));
    let asked = and([eq("jobId", job_id)].into_iter().chain(status));
    let sent = APPLICATIONS.query().filter(asked).sort_desc("createdAt");
    let found = window.page(sent.with_total())?;
    let items = found.items.into_iter();
    Ok(Json(ApplicationList {
        items: items
            .map(|item| ApplicationView::of(item.id, item.value))
            .collect(),
        total: found.total.unwrap_or_default(),
        limit: window.limit,
        offset: window.offset,
        next_cursor: found.next_cursor,
    }))
}

pub fn get_application(Path(id): Path<String>) -> Result<Json<ApplicationView>> {
    let application = known(&id)?;
    Ok(Json(ApplicationView::of(id, application)))
}

pub fn change_application(
    Path(id): Path<String>,
    Json(ApplicationChange(change)): Json<ApplicationChange>,
) -> Result<Json<ApplicationView>> {
    let mut application = known(&id)?;
    let shown = ApplicationView::of(id.clone(), application.clone());
    let decided = Decision {
        status: application.status,
        note: application.note.take(),
    };
    let decision = Json::patched_as_read(&decided, &shown, READ_ONLY, change)?;
    application.decide(decision.status)?;
    if let Some(note) = &decision.note {
        let note = check::prose("note", note, check::EXCERPT_CHARS_MAX)?;
        application.note = (!note.is_empty()).then_some(note);
    }
    application.updated_at = clock::now_ms();
    APPLICATIONS.put(&id, &application)?;
    Ok(Json(ApplicationView::of(id, application)))
}

pub fn get_cv(Path(id): Path<String>) -> Result<Json<CvLink>> {
    let cv = known(&id)?.cv.ok_or_else(|| Problem::not_found("CV"))?;
    cv.link().map(Json)
}

pub fn delete_application(Path(id): Path<String>) -> Result<NoContent> {
    let application = known(&id)?;
    remove(&id, &application)?;
    Ok(NoContent)
}

/// Removes an application that was kept long enough, whoever says so.
pub fn on_lapsed(event: Event<Lapsed>) -> Result<()> {
    let id = event.payload.id;
    match APPLICATIONS.get(&id)? {
        Some(application) if application.lapses_at <= clock::now_ms() => remove(&id, &application),
        _ => Ok(()),
    }
}

/// Removes an application with its CV.
pub fn remove(id: &str, application: &Application) -> Result<()> {
    if let Some(cv) = &application.cv {
        blobs::remove(&cv.blob)?;
    }
    APPLICATIONS.delete(id)?;
    let mut tally = TALLIES.get_or_default(&application.job_id)?;
    tally.applications = tally.applications.saturating_sub(1);
    TALLIES.put(&application.job_id, &tally)?;
    Ok(())
}

/// Whether anybody has applied for a job.
pub fn any_for(job_id: &str) -> Result<bool> {
    Ok(TALLIES.get_or_default(job_id)?.applications > 0)
}

/// Forgets how many have applied for a job that goes.
pub fn forget_count(job_id: &str) -> Result<()> {
    TALLIES.delete(job_id)?;
    Ok(())
}

fn known(id: &str) -> Result<Application> {
    let found = if is_id(id) {
        APPLICATIONS.get(id)?
    } else {
        None
    };
    found.ok_or_else(|| Problem::not_found("application"))
}
