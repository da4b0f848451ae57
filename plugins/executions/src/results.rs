//! Results of test cases: what workers tell on the way and at the end.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::check::printable;
use crate::chunks::{self, Chunk, Item};
use crate::logs::page_limit;
use crate::run::{self, Run};
use crate::status::{CaseStatus, Counts};

const RESULTS: Collection<Chunk<Case>> = Collection::new("results");

/// Results of one report of progress.
pub const PER_CALL_MAX: usize = 1_000;
/// Results that are kept of a run; the others count, but nobody reads ten thousand.
pub const PER_RUN_MAX: u64 = 10_000;
/// Bytes of a case's name and of its class.
const NAME_BYTES_MAX: usize = 500;
/// Bytes of what a case says about its failure: an assertion and a few lines of a trace.
const MESSAGE_BYTES_MAX: usize = 4 << 10;
/// Milliseconds of a case: no attempt may take longer than a day.
const DURATION_MS_MAX: u64 = 86_400_000;
/// Results of a page.
const PAGE_MAX: u32 = 500;
const PAGE_DEFAULT: u32 = 100;

/// A test case as a worker tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// What is over 500 bytes is cut off.
    pub name: String,
    /// The class, module or file it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    pub status: CaseStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Why it did not pass; what is over 4 KiB is cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Item for Case {
    fn bytes(&self) -> usize {
        let texts = [self.class.as_deref(), self.message.as_deref()];
        let texts: usize = texts.into_iter().flatten().map(str::len).sum();
        self.name.len() + texts + 64
    }
}

/// Which results.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResultQuery {
    /// `after` of the page before. From the beginning if absent.
    pub after: Option<u64>,
    /// At most 500; 100 if absent.
    #[schema(min = 1, max = 500)]
    pub limit: Option<u32>,
    pub status: Option<CaseStatus>,
}

/// A test case's result.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ResultView {
    /// From 1, in the order in which they were told.
    pub number: u64,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    pub status: CaseStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Part of the results.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ResultPage {
    pub items: Vec<ResultView>,
    /// To be sent as `after` for what comes behind.
    pub after: u64,
    pub has_more: bool,
    /// All results, kept or not.
    pub counts: Counts,
}

/// Writes results behind those that are there, as far as there is room; all of them count.
pub fn append(id: &str, run: &mut Run, cases: Vec<Case>) -> Result<()> {
    for case in &cases {
        run.counts.add(case.status);
    }
    let room = PER_RUN_MAX.saturating_sub(run.results_kept);
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let kept: Vec<Case> = cases.into_iter().take(room).map(Case::kept).collect();
    let before = run.results_kept;
    run.results_kept += kept.len() as u64;
    chunks::append(RESULTS, (id, run.result_set), before, kept)
}

/// Results of a report of progress, of which there are not too many.
pub fn checked(cases: Vec<Case>) -> Result<Vec<Case>> {
    if cases.len() <= PER_CALL_MAX {
        return Ok(cases);
    }
    let detail = format!("results has at most {PER_CALL_MAX} elements.");
    Err(Problem::invalid("results", detail))
}

impl Case {
    fn kept(self) -> Self {
        let text = |text: Option<String>, bytes_max| {
            text.map(|text| printable(text.trim(), bytes_max))
                .filter(|text| !text.is_empty())
        };
        Self {
            name: printable(self.name.trim(), NAME_BYTES_MAX),
            class: text(self.class, NAME_BYTES_MAX),
            status: self.status,
            duration_ms: self.duration_ms.map(|ms| ms.min(DURATION_MS_MAX)),
            message: text(self.message, MESSAGE_BYTES_MAX),
        }
    }
}

pub fn list_results(
    Path(id): Path<String>,
    Query(query): Query<ResultQuery>,
) -> Result<Json<ResultPage>> {
    let run = run::find(&id)?;
    page(&id, &run, &query).map(Json)
}

/// The first results of a run.
pub fn first(id: &str, run: &Run) -> Result<ResultPage> {
    let query = ResultQuery {
        after: None,
        limit: None,
        status: None,
    };
    page(id, run, &query)
}

fn page(id: &str, run: &Run, query: &ResultQuery) -> Result<ResultPage> {
    let limit = page_limit(query.limit, PAGE_DEFAULT, PAGE_MAX)?;
    let is_wanted = |case: &Case| query.status.is_none_or(|status| case.status == status);
    let after = query.after.unwrap_or(0);
    let part = chunks::page(RESULTS, (id, run.result_set), after, limit, is_wanted)?;
    let shown = |(number, case): (u64, Case)| ResultView {
        number,
        name: case.name,
        class: case.class,
        status: case.status,
        duration_ms: case.duration_ms,
        message: case.message,
    };
    Ok(ResultPage {
        items: part.items.into_iter().map(shown).collect(),
        after: part.after,
        has_more: part.has_more,
        counts: run.counts,
    })
}
