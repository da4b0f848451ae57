//! `POST /api/execution/{id}/complete`: a worker says how a run ended.

use serde::{Deserialize, Serialize};
use stoa_guest::FromRequest;
use stoa_guest::prelude::*;

use crate::attempt::Token;
use crate::check::printable;
use crate::junit;
use crate::logs::{self, NewLine};
use crate::reap;
use crate::results::{self, Case};
use crate::run;
use crate::status::{Counts, Status, Verdict};

/// Where the lease is when the body is no JSON.
pub const LEASE_HEADER: &str = "x-lease";
/// Bytes of what a worker says about the end.
const MESSAGE_BYTES_MAX: usize = 1 << 10;

/// How a run ended.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Completion {
    /// The lease that the worker was given.
    lease: String,
    /// If absent, the results tell: a case that did not pass fails the run.
    status: Option<Verdict>,
    /// All results; what was told on the way is forgotten then.
    results: Option<Vec<Case>>,
    /// The same as a JUnit report.
    junit: Option<String>,
    /// The last lines of the log.
    #[serde(default)]
    lines: Vec<NewLine>,
    /// Why it ended so.
    message: Option<String>,
}

/// What became of the attempt; the same each time its worker asks.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Completed {
    pub id: String,
    pub attempt: u32,
    /// `cancelled` or `timed-out` if that came first.
    pub status: Status,
}

pub fn complete(request: &Request) -> Result<Json<Completed>> {
    let Path(id) = Path::<String>::from_request(request)?;
    let completion = read(request)?;
    let mut run = run::find(&id)?;
    let token = Token(completion.lease);
    if let Some(before) = run.attempt_of(&token)
        && before.is_settled()
    {
        return Ok(Json(Completed {
            id,
            attempt: before.number,
            status: before.status,
        }));
    }
    run.lease_of(&token)?;
    let cases = match (completion.results, completion.junit) {
        (Some(_), Some(_)) => {
            let detail = "Send results or junit, not both.";
            return Err(Problem::invalid("junit", detail));
        }
        (Some(cases), None) => Some(cases),
        (None, Some(report)) => Some(junit::parse(&report)?),
        (None, None) => None,
    };
    logs::append(&id, &mut run, completion.lines)?;
    if let Some(cases) = cases {
        run.forget_results();
        results::append(&id, &mut run, cases)?;
    }
    if !reap::stop(&mut run)? {
        let verdict = completion.status.or_else(|| Counts::verdict(&run.counts));
        let verdict = verdict.ok_or_else(|| {
            Problem::invalid("status", "status has to be there, as there are no results.")
        })?;
        let message = completion.message;
        let message = message.map(|message| printable(message.trim(), MESSAGE_BYTES_MAX));
        run.finish(
            verdict.into(),
            message.filter(|message| !message.is_empty()),
        )?;
    }
    run::change(&id, &run)?;
    Ok(Json(Completed {
        id,
        attempt: run.attempt,
        status: run.status,
    }))
}

/// The body: JSON, or a JUnit report with the lease in a header.
fn read(request: &Request) -> Result<Completion> {
    let kind = inbound::header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/json" => Ok(Json::<Completion>::from_request(request)?.0),
        "application/xml" | "text/xml" => {
            let report = String::from_utf8(request.body.clone());
            let report = report
                .map_err(|_| Problem::new(400, "invalid-request", "The report is no UTF-8."))?;
            Ok(Completion {
                lease: lease_header()?,
                junit: Some(report),
                ..Completion::default()
            })
        }
        _ => {
            let detail = "Send the body as application/json, or a JUnit report as application/xml.";
            Err(Problem::new(415, "unsupported-media-type", detail))
        }
    }
}

/// The lease of a request whose body is something else.
pub fn lease_header() -> Result<String> {
    inbound::header(LEASE_HEADER)
        .ok_or_else(|| Problem::invalid("X-Lease", "The header X-Lease has to hold the lease."))
}
