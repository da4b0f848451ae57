//! From payments to the ledger.

use std::collections::BTreeMap;

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::ledger::{self, NewEntry, Share};

/// What payments tell when one came in or went back.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paid {
    payment_id: String,
    order_id: String,
    currency: String,
    #[serde(default)]
    lines: Vec<Line>,
}

/// What orders tell of a cancellation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cancelled {
    order_id: String,
    currency: String,
    #[serde(default)]
    payment_id: Option<String>,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    vendor_id: String,
    quantity: u32,
    net_minor: i64,
}

/// Credits every vendor of the order with what its products brought, less the platform's fee.
pub fn credit(paid: &Paid) -> Result<()> {
    let fee_basis_points = fee_basis_points()?;
    for (vendor_id, (net_minor, pieces)) in by_vendor(&paid.lines) {
        let entry = NewEntry {
            vendor_id,
            currency: &paid.currency,
            reference: &paid.order_id,
            pieces,
        };
        let id = format!("{}:{vendor_id}", paid.payment_id);
        ledger::sale(&id, entry, Share::of(net_minor, fee_basis_points))?;
    }
    Ok(())
}

/// Takes back what a payment brought.
pub fn take_back(paid: &Paid) -> Result<()> {
    for (vendor_id, (_, pieces)) in by_vendor(&paid.lines) {
        let entry = NewEntry {
            vendor_id,
            currency: &paid.currency,
            reference: &paid.order_id,
            pieces,
        };
        ledger::refund(&format!("{}:{vendor_id}", paid.payment_id), entry)?;
    }
    Ok(())
}

/// A cancelled order earns nothing, from the moment when it is cancelled; its money goes back later.
pub fn cancel(cancelled: Cancelled) -> Result<()> {
    let Some(payment_id) = cancelled.payment_id else {
        return Ok(());
    };
    take_back(&Paid {
        payment_id,
        order_id: cancelled.order_id,
        currency: cancelled.currency,
        lines: cancelled.lines,
    })
}

/// Amounts and pieces by vendor.
fn by_vendor(lines: &[Line]) -> BTreeMap<&str, (i64, u32)> {
    let mut sums = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.vendor_id.is_empty()) {
        let (net_minor, pieces) = sums.entry(line.vendor_id.as_str()).or_insert((0_i64, 0));
        *net_minor = net_minor.saturating_add(line.net_minor.max(0));
        *pieces = line.quantity.saturating_add(*pieces);
    }
    sums
}

/// The platform's part, in hundredths of a percent. A setting that makes no sense is told, not guessed.
fn fee_basis_points() -> Result<u32> {
    let percent = settings::get::<f64>("fee_percent").unwrap_or(0.0);
    let basis_points = (percent * 100.0).round();
    let exact = (basis_points - percent * 100.0).abs() < 1e-6;
    if !exact || !(0.0..=10_000.0).contains(&basis_points) {
        let detail =
            format!("the setting fee_percent is {percent}, not 0 to 100 with two decimals");
        return Err(Problem::internal(detail));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a whole number from 0 to 10,000"
    )]
    Ok(basis_points as u32)
}
