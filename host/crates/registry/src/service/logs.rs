//! What plugins log.

use std::time::Duration;

use serde::Serialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::deployment::{self, LogLevel, LogLine};
use stoa_kernel::error::Problem;
use stoa_kernel::limits::PAGE_LIMIT_MAX;
use stoa_kernel::times::{parse_rfc3339, rfc3339};
use stoa_kernel::wire::json;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::{asked, observed, readable, who};
use crate::registry::Registry;

/// Lines of an answer when the client names no number.
const LIMIT_DEFAULT: u32 = 100;

/// Seconds that an answer waits for a line at most: below the time that any answer may take, and short enough for a
/// host that is stopping.
const WAIT_S_MAX: u64 = 10;

/// Characters of an id that lines are looked for by.
const ID_CHARS_MAX: usize = 128;

/// Questions that wait at the same time on one host; others are answered at once.
pub const WAITING_MAX: usize = 64;

/// Which lines are wanted.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is for the API document; the query is read member by member"
)]
#[schema(rename_all = "camelCase")]
pub struct LogQuery {
    /// Those after the line of this number.
    after: Option<u64>,
    /// Lines: 100 if absent, 200 at most.
    limit: Option<u32>,
    /// An operator's: of this tenant alone.
    tenant: Option<String>,
    /// `error`, `warn`, `info`, `debug` or `trace`: of this level, and of those that matter more.
    level: Option<String>,
    /// Of this request alone.
    request_id: Option<String>,
    /// Of this trace alone: 32 hex digits.
    trace_id: Option<String>,
    /// Logged at this time (RFC 3339) or later.
    since: Option<String>,
    /// Seconds to wait for a line if there is none, 10 at most: who follows a log asks again with `after`.
    wait: Option<u64>,
}

/// Lines, the oldest first.
#[derive(Serialize, ToSchema)]
pub struct LogLines {
    items: Vec<LogLineView>,
}

/// A line.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogLineView {
    /// The later the higher.
    number: u64,
    at: String,
    tenant: String,
    request_id: String,
    /// Of the trace that the request belongs to, if it is traced.
    trace_id: Option<String>,
    level: &'static str,
    text: String,
}

impl From<LogLine> for LogLineView {
    fn from(line: LogLine) -> Self {
        Self {
            number: line.number,
            at: rfc3339(line.at),
            tenant: line.tenant.to_string(),
            request_id: line.request,
            trace_id: line.trace,
            level: line.level.as_str(),
            text: line.text,
        }
    }
}

/// `GET /api/platform/plugins/{name}/logs`
pub async fn show(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let unit = registry.books.unit().await?;
    let (name, _) = observed(registry, &unit, &who, request).await?;
    let limit = number(request, "limit")?.unwrap_or(LIMIT_DEFAULT.into());
    let query = deployment::LogQuery {
        tenant: readable(&who, request)?,
        request: id(request, "requestId")?,
        trace: id(request, "traceId")?,
        level: level(request)?,
        since: since(request)?,
        after: number(request, "after")?.unwrap_or(0),
        limit: limit.clamp(1, PAGE_LIMIT_MAX.into()) as usize,
    };
    let wait_s = number(request, "wait")?.unwrap_or(0).min(WAIT_S_MAX);
    let lines = wait(registry, &name, &query, Duration::from_secs(wait_s)).await;
    let items = lines.into_iter().map(LogLineView::from).collect();
    json(200, &LogLines { items })
}

/// The lines as soon as there is one, or none when the time is over.
async fn wait(
    registry: &Registry,
    plugin: &str,
    query: &deployment::LogQuery,
    within: Duration,
) -> Vec<LogLine> {
    let until = Instant::now() + within;
    let Ok(_waiting) = registry.waiting.try_acquire() else {
        return registry.deployer.log(plugin, query);
    };
    let mut seen = query.after;
    loop {
        let lines = registry.deployer.log(plugin, query);
        if !lines.is_empty() {
            return lines;
        }
        match timeout_at(until, registry.deployer.logged(plugin, seen)).await {
            Ok(last) => seen = last,
            Err(_) => return lines,
        }
    }
}

fn level(request: &Request) -> Result<Option<LogLevel>, Problem> {
    let Some(word) = asked(request, "level") else {
        return Ok(None);
    };
    let wrong = || Problem::invalid("level", "level is error, warn, info, debug or trace.");
    LogLevel::parse(&word).map(Some).ok_or_else(wrong)
}

fn since(request: &Request) -> Result<Option<u64>, Problem> {
    let Some(text) = asked(request, "since") else {
        return Ok(None);
    };
    let wrong = || Problem::invalid("since", "since is a time such as 2026-01-01T00:00:00Z.");
    parse_rfc3339(&text).map(Some).ok_or_else(wrong)
}

fn id(request: &Request, name: &str) -> Result<Option<String>, Problem> {
    let id = asked(request, name);
    if id.as_ref().is_some_and(|id| id.len() > ID_CHARS_MAX) {
        let reason = format!("{name} has at most {ID_CHARS_MAX} characters.");
        return Err(Problem::invalid(name, reason));
    }
    Ok(id)
}

fn number(request: &Request, name: &str) -> Result<Option<u64>, Problem> {
    let number = asked(request, name).map(|text| text.parse());
    let wrong = |_| Problem::invalid(name, format!("{name} is a whole number."));
    number.transpose().map_err(wrong)
}
