//! The run's log: lines as workers send them, numbered over all attempts.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::check::beginning;
use crate::chunks::{self, Chunk, Item};
use crate::limits;
use crate::run::{self, Run};

const LOGS: Collection<Chunk<Line>> = Collection::new("logs");

/// The one sequence: a log goes on over attempts.
const SET: u32 = 0;
/// Lines of one report.
pub const LINES_PER_CALL_MAX: usize = 1_000;
/// Bytes of a line; what is longer is cut.
pub const LINE_BYTES_MAX: usize = 4 << 10;
/// Bytes of a log that a line costs besides its text: else a million empty ones would cost nothing.
const LINE_COST_BYTES: u64 = 16;
/// Lines of a page.
const PAGE_MAX: u32 = 1_000;
const PAGE_DEFAULT: u32 = 200;

/// Where a line comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    #[default]
    Stdout,
    Stderr,
    /// The worker's own words.
    Worker,
}

/// A line as a worker sends it.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewLine {
    /// Without its end; what is over 4 KiB is cut off.
    pub text: String,
    /// `stdout` if absent.
    #[serde(default)]
    pub stream: Stream,
}

/// A line as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    text: String,
    stream: Stream,
    attempt: u32,
    at: u64,
    #[serde(default)]
    cut: bool,
}

impl Item for Line {
    fn bytes(&self) -> usize {
        self.text.len() + LINE_COST_BYTES as usize
    }
}

/// Which lines.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogQuery {
    /// `after` of the page before: lines behind it. From the beginning if absent.
    pub after: Option<u64>,
    /// At most 1,000; 200 if absent.
    #[schema(min = 1, max = 1000)]
    pub limit: Option<u32>,
    /// Of one attempt.
    pub attempt: Option<u32>,
}

/// A line of a log.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// From 1, without gaps.
    pub number: u64,
    pub text: String,
    pub stream: Stream,
    pub attempt: u32,
    /// RFC 3339: when the worker told it.
    pub at: String,
    /// Whether its end was cut off.
    pub truncated: bool,
}

/// Part of a log.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    pub items: Vec<LogLine>,
    /// To be sent as `after` for what comes behind, also if that is yet to be written.
    pub after: u64,
    pub has_more: bool,
    /// Lines in all.
    pub total: u64,
    /// Whether the log had to end before the run did.
    pub truncated: bool,
}

/// Writes lines at the log's end, as far as there is room.
pub fn append(id: &str, run: &mut Run, lines: Vec<NewLine>) -> Result<()> {
    if lines.len() > LINES_PER_CALL_MAX {
        let detail = format!("lines has at most {LINES_PER_CALL_MAX} elements.");
        return Err(Problem::invalid("lines", detail));
    }
    let (bytes_max, at, attempt) = (limits::log_bytes_max(), clock::now_ms(), run.attempt);
    let (before, mut kept) = (run.log.lines, Vec::with_capacity(lines.len()));
    for line in lines {
        let line = line.kept(attempt, at);
        let bytes = run.log.bytes + line.bytes() as u64;
        // Once there was no room, there is none for shorter lines either: no gaps.
        if run.log.truncated || bytes > bytes_max {
            run.log.truncated = true;
            break;
        }
        run.log.bytes = bytes;
        run.log.lines += 1;
        kept.push(line);
    }
    chunks::append(LOGS, (id, SET), before, kept)
}

impl NewLine {
    /// Cut to its length; of control characters, tabs and what colours text are left.
    fn kept(self, attempt: u32, at: u64) -> Line {
        let (text, cut) = beginning(&self.text, LINE_BYTES_MAX);
        let is_kept = |c: &char| !c.is_control() || matches!(c, '\t' | '\u{1b}');
        Line {
            text: text.chars().filter(is_kept).collect(),
            stream: self.stream,
            attempt,
            at,
            cut,
        }
    }
}

pub fn read_log(Path(id): Path<String>, Query(query): Query<LogQuery>) -> Result<Json<LogPage>> {
    let run = run::find(&id)?;
    let limit = page_limit(query.limit, PAGE_DEFAULT, PAGE_MAX)?;
    let is_wanted = |line: &Line| query.attempt.is_none_or(|attempt| line.attempt == attempt);
    let part = chunks::page(LOGS, (&id, SET), query.after.unwrap_or(0), limit, is_wanted)?;
    let shown = |(number, line): (u64, Line)| LogLine {
        number,
        text: line.text,
        stream: line.stream,
        attempt: line.attempt,
        at: clock::rfc3339(line.at),
        truncated: line.cut,
    };
    Ok(Json(LogPage {
        items: part.items.into_iter().map(shown).collect(),
        after: part.after,
        has_more: part.has_more,
        total: run.log.lines,
        truncated: run.log.truncated,
    }))
}

/// Elements of a page: at least one, and no more than the largest.
pub fn page_limit(asked: Option<u32>, default: u32, max: u32) -> Result<usize> {
    match asked.unwrap_or(default) {
        0 => Err(Problem::invalid("limit", "limit is at least 1.")),
        limit => Ok(limit.min(max) as usize),
    }
}
