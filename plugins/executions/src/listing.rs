//! Lists of runs, and one run.

use serde::{Deserialize, Serialize};
use stoa_guest::Window;
use stoa_guest::check;
use stoa_guest::prelude::*;

use crate::results;
use crate::run::{self, RUNS};
use crate::spec::SPECS;
use crate::status::Status;
use crate::view::{RunDetails, RunView};

/// Labels that one query may ask for: each costs a node of the filter.
const LABELS_ASKED_MAX: usize = 10;
/// Where words are searched.
const SEARCHED: &[&str] = &["name", "suite", "target", "branch"];
/// A date, or a time to the millisecond.
const TIME_BYTES: std::ops::RangeInclusive<usize> = 10..=24;

/// Which runs.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RunQuery {
    /// One or several, separated by commas.
    pub status: Vec<Status>,
    /// One or several, separated by commas: runs that have all of them.
    pub label: Vec<String>,
    /// Queued first no earlier than this: a date, or a time in UTC as RFC 3339 has it.
    pub from: Option<String>,
    /// Queued first before this.
    pub to: Option<String>,
    /// Words of the name, suite, target or branch.
    pub search: Option<String>,
    /// Elements of the page: 20 if absent, 200 at most.
    pub limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    pub offset: Option<u32>,
    /// The number of the page from 1, instead of an offset.
    pub page: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    pub cursor: Option<String>,
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct RunList {
    pub items: Vec<RunView>,
    /// All that match, on every page.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

pub fn list(Query(query): Query<RunQuery>) -> Result<Json<RunList>> {
    let cursor = query.cursor.as_deref();
    let window = Window::numbered(query.page, query.limit, query.offset, cursor)?;
    let asked = RUNS.query().filter(query.filter()?);
    let found = window.page(asked.sort_desc("createdAt").with_total())?;
    let items = found.items.into_iter();
    Ok(Json(RunList {
        items: items
            .map(|found| RunView::of(found.id, found.value))
            .collect(),
        total: found.total.unwrap_or_default(),
        limit: window.limit,
        offset: window.offset,
        next_cursor: found.next_cursor,
    }))
}

pub fn show(Path(id): Path<String>) -> Result<Json<RunDetails>> {
    let run = run::find(&id)?;
    let spec = SPECS.get(&id)?.unwrap_or_default();
    let results = results::first(&id, &run)?;
    Ok(Json(RunDetails::of(id, run, spec, results)))
}

impl RunQuery {
    fn filter(&self) -> Result<Filter> {
        let mut conditions = Vec::new();
        match self.status.as_slice() {
            [] => {}
            [one] => conditions.push(eq("status", one.word())),
            several => {
                conditions.push(one_of("status", several.iter().map(|status| status.word())))
            }
        }
        if self.label.len() > LABELS_ASKED_MAX {
            let detail = format!("label has at most {LABELS_ASKED_MAX} elements.");
            return Err(Problem::invalid("label", detail));
        }
        let labels = self
            .label
            .iter()
            .map(|label| label.trim().to_ascii_lowercase());
        conditions.extend(labels.map(|label| contains("labels", label)));
        if let Some(from) = &self.from {
            conditions.push(ge("createdAt", time("from", from)?));
        }
        if let Some(to) = &self.to {
            conditions.push(lt("createdAt", time("to", to)?));
        }
        let words = self.search.as_deref().map(str::trim);
        conditions.extend(check::search(words, None, SEARCHED)?);
        Ok(and(conditions))
    }
}

/// A date or a time in UTC, so that it compares as text with the times that are kept: without its last letter, for
/// "12:00:00" comes before "12:00:00.000Z" where "12:00:00Z" would not.
fn time<'t>(field: &str, text: &'t str) -> Result<&'t str> {
    let form = b"0000-00-00T00:00:00.000";
    let plain = text.strip_suffix('Z').unwrap_or(text);
    let fits = |(byte, form): (u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        form => byte == *form,
    };
    let is_whole = matches!(plain.len(), 10 | 16 | 19 | 23);
    let is_time = TIME_BYTES.contains(&text.len())
        && is_whole
        && (plain.len() > 10) == text.ends_with('Z')
        && plain.bytes().zip(form).all(fits);
    if is_time {
        return Ok(plain);
    }
    let detail =
        format!("{field} is a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z.");
    Err(Problem::invalid(field, detail))
}
