//! Jobs: listing, reading, adding, changing, closing and removing them.

use serde::{Deserialize, Serialize};
use stoa_guest::Window;
use stoa_guest::check;
use stoa_guest::prelude::*;

use crate::applications;
use crate::articles::is_id;
use crate::job::{Employment, JOBS, Job, JobStatus, LISTED, SHELF};
use crate::job_view::{JobSummary, JobView};
use crate::job_write::NewJob;
use crate::{caching, listing, slugs};

/// What a list of jobs may be asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct JobQuery {
    /// Counted from 1, instead of an offset.
    pub page: Option<u32>,
    /// Elements of the page: 20 if absent, 200 at most.
    pub limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    pub offset: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    pub cursor: Option<String>,
    pub department: Option<String>,
    pub location: Option<String>,
    pub remote: Option<bool>,
    pub employment: Option<Employment>,
    /// Words of the title, the place or the description.
    pub search: Option<String>,
    /// The same.
    pub q: Option<String>,
    /// `open` if absent, `closed`; for administrators also `draft` and `all`.
    pub status: Option<String>,
}

/// A page of jobs, the latest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct JobList {
    pub items: Vec<JobSummary>,
    /// All that match, on every page.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A job's time is up.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    id: String,
    at: u64,
}

pub fn list_jobs(caller: Caller, Query(query): Query<JobQuery>) -> Result<Response> {
    let cursor = query.cursor.as_deref();
    let window = Window::numbered(query.page, query.limit, query.offset, cursor)?;
    let asked = JOBS.query().filter(filter(&caller, &query)?);
    let asked = asked.sort_desc("createdAt").fields(LISTED);
    let found = window.page(asked.with_total())?;
    let items = found.items.into_iter();
    let list = JobList {
        items: items
            .map(|item| JobSummary::of(item.id, item.value))
            .collect(),
        total: found.total.unwrap_or_default(),
        limit: window.limit,
        offset: window.offset,
        next_cursor: found.next_cursor,
    };
    caching::marked(&caller, Json(list))
}

fn filter(caller: &Caller, query: &JobQuery) -> Result<Filter> {
    let mut conditions = Vec::new();
    match query.status.as_deref().unwrap_or(JobStatus::Open.word()) {
        "all" => listing::admins_alone(caller)?,
        "draft" => {
            listing::admins_alone(caller)?;
            conditions.push(eq("status", JobStatus::Draft.word()));
        }
        word @ ("open" | "closed") => conditions.push(eq("status", word)),
        _ => {
            let detail = "status is open, closed, draft or all.";
            return Err(Problem::invalid("status", detail));
        }
    }
    for (path, asked) in [
        ("department", &query.department),
        ("location", &query.location),
    ] {
        conditions.extend(asked.as_deref().map(|asked| eq(path, asked.trim())));
    }
    conditions.extend(query.remote.map(|remote| eq("remote", remote)));
    conditions.extend(query.employment.map(|kind| eq("employment", kind.word())));
    let (search, q) = (query.search.as_deref(), query.q.as_deref());
    let searched = ["title", "location", "department", "source"];
    conditions.extend(check::search(search, q, &searched)?);
    Ok(and(conditions))
}

pub fn get_job(caller: Caller, Path(name): Path<String>) -> Result<Response> {
    let (id, job) = find(&name)?
        .filter(|(_, job)| job.is_seen_by(&caller))
        .ok_or_else(missing)?;
    if job.slugs.had(&name) {
        return Ok(job.slugs.moved(SHELF));
    }
    let view = JobView::of(id, job, caller.is_admin());
    caching::marked(&caller, Json(view))
}

pub fn create_job(Json(new): Json<NewJob>) -> Result<Created<Json<JobView>>> {
    let id = random::ulid();
    let slugs = slugs::take(SHELF, &id, new.slug.as_deref(), &new.title)?;
    let job = new.job(slugs, None)?;
    JOBS.create(&id, &job)?;
    plan_closing(&id, &job)?;
    Ok(Created(Json(JobView::of(id, job, true))))
}

pub fn change_job(Path(id): Path<String>, request: Request) -> Result<Json<JobView>> {
    let before = by_id(&id)?.ok_or_else(missing)?;
    let read = JobView::of(id.clone(), before.clone(), true);
    let new = NewJob::of(&before).changed(&read, &request)?;
    let slugs = match &new.slug {
        Some(asked) => slugs::change(SHELF, &id, before.slugs.clone(), asked)?,
        None => before.slugs.clone(),
    };
    let after = new.job(slugs, Some(&before))?;
    JOBS.put(&id, &after)?;
    if after.closes_at != before.closes_at {
        plan_closing(&id, &after)?;
    }
    Ok(Json(JobView::of(id, after, true)))
}

pub fn delete_job(Path(id): Path<String>) -> Result<NoContent> {
    let job = by_id(&id)?.ok_or_else(missing)?;
    if applications::any_for(&id)? {
        let detail = "People have applied: close it, or remove their applications first.";
        return Err(Problem::conflict("has-applications", detail));
    }
    slugs::free(SHELF, &job.slugs)?;
    applications::forget_count(&id)?;
    JOBS.delete(&id)?;
    Ok(NoContent)
}

/// Closes a job whose time is up, unless it was given another meanwhile.
pub fn on_job_due(event: Event<Due>) -> Result<()> {
    let Due { id, at } = event.payload;
    let Some(mut job) = JOBS.get(&id)? else {
        return Ok(());
    };
    let is_due = job.closes_at == Some(at) && at <= clock::now_ms();
    if job.status == JobStatus::Open && is_due {
        job.status = JobStatus::Closed;
        JOBS.put(&id, &job)?;
    }
    Ok(())
}

fn plan_closing(id: &str, job: &Job) -> Result<()> {
    match job.closes_at {
        Some(at) if at > clock::now_ms() => {
            let due = Due {
                id: id.to_owned(),
                at,
            };
            events::raise_at("content.job-due", id, &due, at)
        }
        _ => Ok(()),
    }
}

/// A job by its slug, one that it had, or its id.
pub fn find(name: &str) -> Result<Option<(String, Job)>> {
    let id = slugs::find(SHELF, name)?.unwrap_or_else(|| name.to_owned());
    Ok(by_id(&id)?.map(|job| (id, job)))
}

/// A job by its id; what can't be an id is nobody's.
pub fn by_id(id: &str) -> Result<Option<Job>> {
    if is_id(id) {
        Ok(JOBS.get(id)?)
    } else {
        Ok(None)
    }
}

pub fn missing() -> Problem {
    Problem::not_found("job")
}
