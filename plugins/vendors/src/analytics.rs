//! Sales over time, from the ledger itself.

use std::collections::BTreeMap;

use stoa_guest::prelude::*;

use crate::ledger::{JOURNAL, Kind};
use crate::view::{Amount, AnalyticsView, Day, Standing};

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// Days of a period when the client does not say.
pub const DAYS_DEFAULT: u32 = 30;

/// Days of a period at most: a year, to compare with the last one.
pub const DAYS_MAX: u32 = 366;

/// Entries of a page of the ledger.
const PAGE: u32 = 200;

/// Pages of the ledger that one question reads at most. A vendor with more sales in a period asks for a shorter one.
const PAGES_MAX: u32 = 50;

/// What a vendor's products brought in the last so many days, today included.
pub fn of(vendor_id: &str, days: u32, standing: Standing) -> Result<AnalyticsView> {
    let now = clock::now_ms();
    let first = (now / DAY_MS + 1).saturating_sub(days.into()) * DAY_MS;
    let mut by_day: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for kind in [Kind::Sale, Kind::Refund] {
        let mut cursor = None;
        for page in 0.. {
            if page == PAGES_MAX {
                let detail = "There is too much in this period; ask for fewer days.";
                return Err(Problem::unprocessable("days", detail));
            }
            let wanted = and([
                eq("vendor_id", vendor_id),
                eq("kind", kind.word()),
                ge("at", first),
            ]);
            let query = JOURNAL.query().filter(wanted).sort_asc("at");
            let found = query.limit(PAGE).cursor(cursor).run()?;
            for entry in found.items.into_iter().map(|stored| stored.value) {
                let date: String = clock::rfc3339(entry.at).chars().take(10).collect();
                let (revenue, sales) = by_day.entry((date, entry.currency.clone())).or_default();
                *revenue += entry.gross();
                let pieces = i64::from(entry.pieces);
                *sales += if kind == Kind::Sale { pieces } else { -pieces };
            }
            cursor = found.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(view((first, now), &by_day, standing))
}

type ByDay = BTreeMap<(String, String), (i64, i64)>;

fn view((first, now): (u64, u64), by_day: &ByDay, standing: Standing) -> AnalyticsView {
    let mut revenue: BTreeMap<&str, i64> = BTreeMap::new();
    for ((_, currency), (minor, _)) in by_day {
        *revenue.entry(currency).or_default() += minor;
    }
    let day = |((date, currency), (minor, sales)): (&(String, String), &(i64, i64))| Day {
        date: date.clone(),
        currency: currency.clone(),
        revenue: Money::new(*minor, currency.clone()).to_major_json(),
        sales: *sales,
    };
    AnalyticsView {
        from: clock::rfc3339(first),
        to: clock::rfc3339(now),
        days: by_day.iter().map(day).collect(),
        revenue: revenue
            .into_iter()
            .map(|(currency, minor)| Amount::of(minor, currency))
            .collect(),
        sales: by_day.values().map(|(_, sales)| sales).sum(),
        products_count: standing.products,
        average_rating: standing.rating,
        review_count: standing.reviews,
    }
}
