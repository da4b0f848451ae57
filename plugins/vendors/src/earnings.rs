//! From payments to the ledger.

use std::collections::BTreeMap;

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::ledger::NewEntry;
use crate::sales::{self, Return, Share};

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
    /// What of it has gone back so far; told only where a part of a payment went back.
    #[serde(default)]
    total_refunded_minor: i64,
}

/// What an order's lines are for one vendor.
#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    pieces: u32,
    net_minor: i64,
    back_minor: i64,
}

/// Credits every vendor of the order with what its products brought, less the platform's fee.
pub fn credit(paid: &Paid) -> Result<()> {
    let fee_basis_points = fee_basis_points()?;
    paid.of_each_vendor(|id, entry, sums| {
        sales::enter(id, entry, Share::of(sums.net_minor, fee_basis_points))
    })
}

/// Takes back what of a payment has gone back so far.
pub fn take_part(paid: &Paid) -> Result<()> {
    paid.of_each_vendor(|id, entry, sums| {
        let part = Return {
            gross: sums.back_minor.clamp(0, sums.net_minor),
            is_whole: false,
        };
        sales::refund(id, entry, part)
    })
}

/// Takes back what a payment brought, as far as it is not taken back already.
pub fn take_back(paid: &Paid) -> Result<()> {
    paid.of_each_vendor(|id, entry, sums| {
        let whole = Return {
            gross: sums.net_minor,
            is_whole: true,
        };
        sales::refund(id, entry, whole)
    })
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

impl Paid {
    /// Enters something for every vendor of the payment, under the name of its sale.
    fn of_each_vendor(
        &self,
        mut enter: impl FnMut(&str, NewEntry<'_>, Sums) -> Result<()>,
    ) -> Result<()> {
        for (vendor_id, sums) in by_vendor(&self.lines) {
            let entry = NewEntry {
                vendor_id,
                currency: &self.currency,
                reference: &self.order_id,
                pieces: sums.pieces,
            };
            enter(&format!("{}:{vendor_id}", self.payment_id), entry, sums)?;
        }
        Ok(())
    }
}

/// Amounts and pieces by vendor.
fn by_vendor(lines: &[Line]) -> BTreeMap<&str, Sums> {
    let mut vendors: BTreeMap<&str, Sums> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.vendor_id.is_empty()) {
        let sums = vendors.entry(&line.vendor_id).or_default();
        sums.pieces = sums.pieces.saturating_add(line.quantity);
        sums.net_minor = sums.net_minor.saturating_add(line.net_minor.max(0));
        sums.back_minor = sums.back_minor.saturating_add(line.total_refunded_minor);
    }
    vendors
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
