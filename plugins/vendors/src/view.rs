//! What clients are shown.

use serde::Serialize;
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::ledger::{Balance, Entry, Kind};
use crate::payouts::{Payout, PayoutStatus};
use crate::vendor::{Status, Vendor};

/// A vendor, for itself.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct VendorView {
    vendor_id: String,
    user_id: String,
    name: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
    /// Whether an administrator has approved it.
    verified: bool,
    /// `active`, `pending`, `rejected` or `suspended`.
    status: String,
    /// Why it was rejected or suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    products_count: u32,
    average_rating: f64,
    /// Sales before fees, less what went back, in the first of the vendor's currencies; most have one.
    total_revenue: Number,
    /// The same in all of them.
    revenue_by_currency: Vec<Amount>,
    /// RFC 3339; absent while who was made a vendor without registering has not changed the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    join_date: Option<String>,
}

/// An amount in major units.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    currency: String,
    amount: Number,
}

impl Amount {
    /// Of minor units.
    pub fn of(minor: i64, currency: &str) -> Self {
        Self {
            currency: currency.into(),
            amount: major(minor, currency),
        }
    }
}

fn major(minor: i64, currency: &str) -> Number {
    Money::new(minor, currency).to_major_json()
}

/// A vendor and what it sells.
pub fn vendor(id: &str, vendor: Vendor, standing: Standing, balances: &[Balance]) -> VendorView {
    let Vendor {
        profile,
        status,
        reason,
        created_at,
        ..
    } = vendor;
    let revenue: Vec<Amount> = balances
        .iter()
        .map(|balance| Amount::of(balance.gross - balance.refunded, &balance.currency))
        .collect();
    VendorView {
        vendor_id: id.into(),
        user_id: id.into(),
        name: profile.name,
        description: profile.description,
        email: profile.email,
        phone: profile.phone,
        website: profile.website,
        avatar: profile.avatar,
        verified: status == Status::Approved,
        status: match status {
            Status::Approved => "active".into(),
            other => other.word().into(),
        },
        reason,
        products_count: standing.products,
        average_rating: standing.rating,
        total_revenue: revenue
            .first()
            .map_or_else(|| 0.into(), |revenue| revenue.amount.clone()),
        revenue_by_currency: revenue,
        join_date: (created_at > 0).then(|| clock::rfc3339(created_at)),
    }
}

/// How a vendor's products do.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Standing {
    pub products: u32,
    /// Mean of all reviews of all products, rounded to hundredths; 0 without reviews.
    pub rating: f64,
    pub reviews: u32,
}

/// What a vendor has in one currency, in major units.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct BalanceView {
    currency: String,
    /// Sales less fees, less what went back.
    earned: Number,
    gross: Number,
    fees: Number,
    refunded: Number,
    /// Asked for, not yet paid.
    pending: Number,
    paid_out: Number,
    available: Number,
}

impl From<Balance> for BalanceView {
    fn from(balance: Balance) -> Self {
        let currency = balance.currency.as_str();
        Self {
            earned: major(balance.gross - balance.refunded - balance.fees, currency),
            gross: major(balance.gross, currency),
            fees: major(balance.fees, currency),
            refunded: major(balance.refunded, currency),
            pending: major(balance.pending, currency),
            paid_out: major(balance.paid_out, currency),
            available: major(balance.available, currency),
            currency: balance.currency,
        }
    }
}

/// A line of the ledger.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    kind: Kind,
    currency: String,
    /// What it added to the available amount; negative when it took from it.
    amount: Number,
    /// The order or payout.
    reference: String,
    at: String,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            kind: entry.kind,
            amount: major(entry.gain(), &entry.currency),
            currency: entry.currency,
            reference: entry.reference,
            at: clock::rfc3339(entry.at),
        }
    }
}

/// Earned, paid out, available.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct EarningsView {
    pub balances: Vec<BalanceView>,
    pub entries: Vec<EntryView>,
    /// All entries.
    pub total: u64,
}

/// A payout.
#[derive(Debug, Clone, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct PayoutView {
    id: String,
    vendor_id: String,
    amount: Number,
    currency: String,
    status: PayoutStatus,
    /// The transfer's reference, or why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    requested_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<String>,
}

impl PayoutView {
    /// Of a stored payout.
    pub fn of(id: String, payout: Payout) -> Self {
        Self {
            id,
            amount: major(payout.minor, &payout.currency),
            vendor_id: payout.vendor_id,
            currency: payout.currency,
            status: payout.status,
            note: payout.note,
            requested_at: clock::rfc3339(payout.requested_at),
            decided_at: payout.decided_at.map(clock::rfc3339),
        }
    }
}

/// Payouts, newest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct PayoutPage {
    pub payouts: Vec<PayoutView>,
    /// The same, under the name that all lists have.
    pub items: Vec<PayoutView>,
    /// All that match, on every page.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
}

/// Sales, revenue and ratings of a period.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct AnalyticsView {
    pub from: String,
    pub to: String,
    pub days: Vec<Day>,
    /// By currency: sales before fees, less what went back.
    pub revenue: Vec<Amount>,
    /// Pieces that were sold and not given back.
    pub sales: i64,
    pub products_count: u32,
    pub average_rating: f64,
    pub review_count: u32,
}

/// A day with sales or refunds, in one currency.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    pub date: String,
    pub currency: String,
    pub revenue: Number,
    pub sales: i64,
}
