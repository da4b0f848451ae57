//! Counts by day and vendor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

const DAYS: Collection<Share> = Collection::new("days");

/// Documents that the counts of one day are spread over: events handled at the same time write to different ones.
const SHARES: usize = 8;

/// Days of one question at most.
pub const DAYS_MAX: u64 = 366;

/// Documents of one reading, as the store has it.
const PAGE: u32 = 200;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// A part of a day's counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Share {
    date: String,
    /// Empty for the whole shop.
    vendor_id: String,
    counts: BTreeMap<String, i64>,
}

/// A day's counts.
pub type Day = (String, BTreeMap<String, i64>);

/// Adds to the counts of the event's day; `vendor_id` is empty for the whole shop.
pub fn add<T>(event: &Event<T>, vendor_id: &str, more: &[(&str, i64)]) -> Result<()> {
    let date = date_of(event.raised_at_ms);
    let share = event.id.bytes().map(usize::from).sum::<usize>() % SHARES;
    let id = format!("{date}:{share}:{vendor_id}");
    let mut kept = DAYS.get(&id)?.unwrap_or_else(|| Share {
        date,
        vendor_id: vendor_id.into(),
        counts: BTreeMap::new(),
    });
    for (name, by) in more.iter().filter(|(_, by)| *by != 0) {
        let count = kept.counts.entry((*name).into()).or_default();
        *count = count.saturating_add(*by);
    }
    DAYS.put(&id, &kept)?;
    Ok(())
}

/// The days from one to another that have counts, oldest first.
pub fn days(from: &str, to: &str, vendor_id: &str) -> Result<Vec<Day>> {
    let (first, last) = (day_of("from", from)?, day_of("to", to)?);
    if last < first || last - first >= DAYS_MAX {
        let detail = format!("from and to are at most {DAYS_MAX} days apart, from first.");
        return Err(Problem::invalid("from", detail));
    }
    let wanted = and([eq("vendor_id", vendor_id), ge("date", from), le("date", to)]);
    let query = DAYS.query().filter(wanted).sort_asc("date").limit(PAGE);
    let mut days: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    let mut cursor = None;
    loop {
        let page = query.clone().cursor(cursor).run()?;
        for share in page.items.into_iter().map(|stored| stored.value) {
            let day = days.entry(share.date).or_default();
            for (name, by) in share.counts {
                let count = day.entry(name).or_default();
                *count = count.saturating_add(by);
            }
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(days.into_iter().collect());
        }
    }
}

/// The UTC day of a time, such as `2026-01-31`.
pub fn date_of(ms: u64) -> String {
    clock::rfc3339(ms).chars().take(10).collect()
}

/// The last so many days, today included, as dates.
pub fn last_days(count: u64) -> (String, String) {
    let now = clock::now_ms();
    let first = now.saturating_sub(count.saturating_sub(1) * DAY_MS);
    (date_of(first), date_of(now))
}

/// The number of a date's day since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
fn day_of(field: &str, date: &str) -> Result<u64> {
    let wrong = || Problem::invalid(field, format!("{field} is a date such as 2026-01-31."));
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<u64>().ok());
    let (Some(Some(year)), Some(Some(month)), Some(Some(day))) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(wrong());
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted / 400, shifted % 400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    match date_of(days * DAY_MS) == date {
        true => Ok(days),
        false => Err(wrong()),
    }
}
