//! What concerns somebody, at a glance.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::sources::{downloads, orders};
use crate::wishlist;

/// Orders that are shown.
const RECENT: u32 = 5;

/// Downloads that are shown, and counted.
const DOWNLOADS_MAX: u32 = 200;

/// Statuses of orders that cost nothing, or nothing yet: a pending one waits for its payment.
const WITHOUT_MONEY: [&str; 3] = ["cancelled", "pending", "refunded"];

/// Orders, spending, downloads and wishlist at a glance.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    total_orders: u32,
    /// By currency, in major units, less what went back; pending, cancelled and refunded orders cost nothing.
    total_spent: BTreeMap<String, Number>,
    /// Products that can be downloaded.
    total_downloads: usize,
    wishlist_count: usize,
    recent_orders: Vec<OrderItem>,
    recent_downloads: Vec<DownloadItem>,
}

/// An order.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct OrderItem {
    id: String,
    order_number: String,
    status: String,
    payment_status: String,
    total: Number,
    currency: String,
    created_at: String,
}

/// A product that can be downloaded.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct DownloadItem {
    product_id: String,
    product_name: String,
    order_id: String,
    issued_at: String,
}

pub fn view_dashboard(caller: Caller) -> Result<Json<Dashboard>> {
    let id = caller.user()?;
    let totals = orders::totals(Some(id), None).map_err(|error| failed(&error))?;
    let recent = orders::list(&orders::Choice {
        buyer_id: Some(id.into()),
        vendor_id: None,
        status: None,
        since_ms: None,
        offset: 0,
        limit: RECENT,
    })
    .map_err(|error| failed(&error))?;
    let licences = downloads::of_buyer(id, DOWNLOADS_MAX)
        .map_err(|error| Problem::internal(format!("the downloads: {error:?}")))?;
    let mut spent: BTreeMap<String, i64> = BTreeMap::new();
    for total in totals
        .iter()
        .filter(|total| !WITHOUT_MONEY.contains(&total.status.as_str()))
    {
        let sum = spent.entry(total.currency.clone()).or_default();
        *sum = sum.saturating_add(total.total_minor);
    }
    let amount = |minor: i64, currency: &str| Money::new(minor, currency).to_major_json();
    Ok(Json(Dashboard {
        total_orders: totals.iter().map(|total| total.orders).sum(),
        total_spent: spent
            .into_iter()
            .map(|(currency, minor)| (currency.clone(), amount(minor, &currency)))
            .collect(),
        total_downloads: licences.len(),
        wishlist_count: wishlist::count(id)?,
        recent_orders: recent
            .orders
            .into_iter()
            .map(|order| OrderItem {
                id: order.id,
                order_number: order.number,
                status: order.status,
                payment_status: order.payment_status,
                total: amount(order.total_minor, &order.currency),
                currency: order.currency,
                created_at: clock::rfc3339(order.created_at_ms),
            })
            .collect(),
        recent_downloads: licences
            .into_iter()
            .take(RECENT as usize)
            .map(|licence| DownloadItem {
                product_id: licence.product_id,
                product_name: licence.product_name,
                order_id: licence.order_id,
                issued_at: clock::rfc3339(licence.issued_at_ms),
            })
            .collect(),
    }))
}

fn failed(error: &orders::Error) -> Problem {
    Problem::internal(format!("the orders: {error:?}"))
}
