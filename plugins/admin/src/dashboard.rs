//! The shop at a glance.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::queue;
use crate::sources;
use crate::vendors_office;

/// Days that the dashboard shows.
const DAYS: u64 = 30;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// Statuses of orders that bring no money, or none yet: a pending one waits for its payment.
const WITHOUT_MONEY: [&str; 3] = ["cancelled", "pending", "refunded"];

/// The shop at a glance.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    total_users: u32,
    total_vendors: u32,
    total_products: u32,
    total_orders: u32,
    /// Orders that are neither pending, cancelled nor refunded, less what went back of them, by currency, in major units.
    total_revenue: BTreeMap<String, Number>,
    /// Vendors by status.
    vendors: BTreeMap<String, u32>,
    /// Products by status.
    products: BTreeMap<String, u32>,
    /// Orders by status.
    orders: BTreeMap<String, u32>,
    moderation: Queue,
    /// The last 30 days that anything happened on.
    days: Vec<DayItem>,
}

/// What waits for a decision.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct Queue {
    products: u64,
    /// Since when the first one waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<String>,
    vendors: u32,
}

/// What happened on a day, by the counter's name; money in minor units.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct DayItem {
    date: String,
    counts: BTreeMap<String, i64>,
}

pub fn view_dashboard() -> Result<Json<Dashboard>> {
    let failed =
        |who: &str, error: &dyn std::fmt::Debug| Problem::internal(format!("{who}: {error:?}"));
    let products = sources::moderation::tally().map_err(|error| failed("the catalogue", &error))?;
    let vendors = sources::vendors::tally().map_err(|error| failed("the vendors", &error))?;
    let totals =
        sources::orders::totals(None, None).map_err(|error| failed("the orders", &error))?;
    let people = directory::list(None, 0, 1)?;
    let now = clock::now_ms();
    let (from, to) = (date(now.saturating_sub((DAYS - 1) * DAY_MS)), date(now));
    let days = sources::analytics::days(&from, &to, None);
    let days = days.map_err(|error| failed("the analytics", &error))?;

    let mut orders: BTreeMap<String, u32> = BTreeMap::new();
    let mut revenue: BTreeMap<String, i64> = BTreeMap::new();
    for total in totals {
        if !WITHOUT_MONEY.contains(&total.status.as_str()) {
            let sum = revenue.entry(total.currency).or_default();
            *sum = sum.saturating_add(total.total_minor);
        }
        *orders.entry(total.status).or_default() += total.orders;
    }
    let (waiting, oldest) = queue::length()?;
    let vendors = vendors
        .into_iter()
        .map(|(status, count)| (vendors_office::shown(status), count));
    let (vendors, products) = (BTreeMap::from_iter(vendors), BTreeMap::from_iter(products));
    Ok(Json(Dashboard {
        total_users: people.total,
        total_vendors: vendors.values().sum(),
        total_products: products.values().sum(),
        total_orders: orders.values().sum(),
        total_revenue: revenue
            .into_iter()
            .map(|(currency, minor)| {
                let amount = Money::new(minor, currency.clone()).to_major_json();
                (currency, amount)
            })
            .collect(),
        moderation: Queue {
            products: waiting,
            oldest: oldest.map(clock::rfc3339),
            vendors: vendors.get("pending").copied().unwrap_or(0),
        },
        vendors,
        products,
        orders,
        days: days
            .into_iter()
            .map(|day| DayItem {
                date: day.date,
                counts: BTreeMap::from_iter(day.counts),
            })
            .collect(),
    }))
}

fn date(ms: u64) -> String {
    clock::rfc3339(ms).chars().take(10).collect()
}
