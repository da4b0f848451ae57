//! Counts by day what events tell.

mod counts;
mod interface;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stoa_guest::events::Tally;
use stoa_guest::prelude::*;

stoa_guest::plugin!("plugin.toml");

/// Days of a period when the client names none.
const DAYS_DEFAULT: u64 = 30;

/// Which days.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Period {
    /// The first day, such as `2026-01-01`; 30 days up to now if absent.
    from: Option<String>,
    /// The last day.
    to: Option<String>,
}

/// Counts by day.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct DaysView {
    from: String,
    to: String,
    /// Days with any count.
    days: Vec<DayView>,
}

/// What happened on one day (UTC).
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct DayView {
    date: String,
    /// By name; amounts of money are in minor units.
    counts: BTreeMap<String, i64>,
}

fn view_days(caller: Caller, Query(period): Query<Period>) -> Result<Json<DaysView>> {
    let (first, last) = counts::last_days(DAYS_DEFAULT);
    let (from, to) = (period.from.unwrap_or(first), period.to.unwrap_or(last));
    // An administrator sees the whole shop, anybody else no more than what is its own.
    let vendor_id = if caller.is_admin() {
        ""
    } else {
        caller.user()?
    };
    let days = counts::days(&from, &to, vendor_id)?;
    let days = days
        .into_iter()
        .map(|(date, counts)| DayView { date, counts });
    Ok(Json(DaysView {
        days: days.collect(),
        from,
        to,
    }))
}

/// Anything; that it happened is all that counts.
#[derive(Debug, Deserialize)]
struct Whatever {}

fn on_event(event: Event<Whatever>) -> Result<()> {
    let name = match event.name.as_str() {
        "user.registered" => "sign-ups",
        "user.logged-in" => "sign-ins",
        "product.created" => "products-added",
        "product.updated" => "products-changed",
        "product.deleted" => "products-removed",
        "order.cancelled" => "cancellations",
        "payment.failed" => "failed-payments",
        other => return Err(Problem::internal(format!("nobody counts {other}"))),
    };
    counts::add(&event, "", &[(name, 1)])
}

/// What is told of an order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ordered {
    currency: String,
    total_minor: i64,
}

fn on_order(event: Event<Ordered>) -> Result<()> {
    let Ordered {
        currency,
        total_minor,
    } = &event.payload;
    let ordered = format!("ordered-{currency}");
    counts::add(&event, "", &[("orders", 1), (&ordered, *total_minor)])
}

/// What is told of money that came in or went back.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Moved {
    currency: String,
    amount_minor: i64,
    /// What went back by this; all of it where nothing is said.
    #[serde(default)]
    refunded_minor: Option<i64>,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    vendor_id: String,
    quantity: u32,
    net_minor: i64,
    #[serde(default)]
    refunded_minor: Option<i64>,
}

fn on_payment(event: Event<Moved>) -> Result<()> {
    moved(&event, ["payments", "sales", "revenue"])
}

fn on_refund(event: Event<Moved>) -> Result<()> {
    moved(&event, ["refunds", "returns", "refunded"])
}

/// Part of the money went back, and no piece with it.
fn on_part_refunded(mut event: Event<Moved>) -> Result<()> {
    for line in &mut event.payload.lines {
        line.quantity = 0;
    }
    moved(&event, ["partial-refunds", "returns", "refunded"])
}

/// Counts a payment, its pieces and its money: for the shop, and for each vendor its own part.
fn moved(event: &Event<Moved>, [payments, pieces, money]: [&str; 3]) -> Result<()> {
    let Moved {
        currency,
        amount_minor,
        refunded_minor,
        lines,
    } = &event.payload;
    let amount_minor = refunded_minor.unwrap_or(*amount_minor);
    let money = format!("{money}-{currency}");
    let mut by_vendor: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for line in lines {
        let (sold, net) = by_vendor.entry(&line.vendor_id).or_default();
        *sold = sold.saturating_add(line.quantity.into());
        *net = net.saturating_add(line.refunded_minor.unwrap_or(line.net_minor));
    }
    let sold: i64 = by_vendor.values().map(|(sold, _)| sold).sum();
    counts::add(
        event,
        "",
        &[(payments, 1), (pieces, sold), (&money, amount_minor)],
    )?;
    for (vendor_id, (sold, net)) in by_vendor {
        if !vendor_id.is_empty() {
            counts::add(
                event,
                vendor_id,
                &[(payments, 1), (pieces, sold), (&money, net)],
            )?;
        }
    }
    Ok(())
}

/// What is told of a download.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Downloaded {
    #[serde(default)]
    vendor_id: Option<String>,
}

fn on_download(event: Event<Downloaded>) -> Result<()> {
    let vendor_id = event.payload.vendor_id.clone().unwrap_or_default();
    counts::add(&event, "", &[("downloads", 1)])?;
    match vendor_id.as_str() {
        "" => Ok(()),
        vendor_id => counts::add(&event, vendor_id, &[("downloads", 1)]),
    }
}

/// Counts views: for the shop, and for each vendor those of its own products. Of what is no longer on sale nobody says whose
/// it was.
fn on_views(event: Event<Tally>) -> Result<()> {
    let counts = &event.payload.counts;
    let ids: Vec<String> = counts.keys().cloned().collect();
    let known = sources::catalog::get_products(&ids)
        .map_err(|error| Problem::internal(format!("the catalogue: {error:?}")))?;
    let mut by_vendor: BTreeMap<&str, u64> = BTreeMap::new();
    for product in &known {
        let views = by_vendor.entry(&product.vendor_id).or_default();
        *views = views.saturating_add(counts.get(&product.id).copied().unwrap_or(0));
    }
    // Under no name it is the whole shop's, also what nobody in particular sells.
    let all = counts.values().copied().fold(0, u64::saturating_add);
    by_vendor.insert("", all);
    by_vendor.into_iter().try_for_each(|(vendor_id, views)| {
        let views = i64::try_from(views).unwrap_or(i64::MAX);
        counts::add(&event, vendor_id, &[("views", views)])
    })
}
