//! Who sells: registration, profiles, earnings as a double-entry ledger, payouts.

mod analytics;
mod earnings;
mod interface;
mod ledger;
mod payouts;
mod personal;
mod profile;
mod sales;
mod shelf;
#[cfg(test)]
mod tests;
mod vendor;
mod view;

use serde::Deserialize;
use serde_json::Number;
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::earnings::{Cancelled, Paid};
use crate::ledger::{BALANCES, Balance, JOURNAL};
use crate::payouts::{PAYOUTS, PayoutStatus};
use crate::personal::{forget, personal_data};
use crate::profile::{NewVendor, ProfileChange};
use crate::vendor::{Status, VENDORS, Vendor};
use crate::view::{AnalyticsView, EarningsView, PayoutPage, PayoutView, VendorView};

stoa_guest::plugin!("plugin.toml");

/// Currencies that one vendor sells in at most.
const CURRENCIES_MAX: u32 = 50;

fn register(caller: Caller, Json(new): Json<NewVendor>) -> Result<Created<Json<VendorView>>> {
    let id = caller.user()?.to_owned();
    let before = vendor::of(&id)?;
    if before.is_some_and(|vendor| vendor.status != Status::Rejected) {
        let detail = "You have registered already.";
        return Err(Problem::conflict("already-registered", detail));
    }
    let at_once = settings::get("auto_approve").unwrap_or(false);
    let vendor = Vendor {
        profile: new.check(caller.email)?,
        status: Status::Pending,
        reason: None,
        created_at: clock::now_ms(),
        decided_at: None,
    };
    VENDORS.put(&id, &vendor)?;
    let vendor = match at_once {
        true => vendor::approve(&id)?,
        false => vendor,
    };
    shown(&id, vendor).map(|view| Created(Json(view)))
}

fn view_registration(caller: Caller) -> Result<Json<VendorView>> {
    let id = caller.user()?;
    let registered = vendor::of(id)?.ok_or_else(not_found)?;
    shown(id, registered).map(Json)
}

fn view_profile(caller: Caller) -> Result<Json<VendorView>> {
    let vendor = own(&caller)?;
    shown(&caller.id, vendor).map(Json)
}

fn change_profile(caller: Caller, Json(change): Json<ProfileChange>) -> Result<Json<VendorView>> {
    let id = caller.user()?;
    let vendor = own(&caller)?;
    let before = shown(id, vendor.clone())?;
    let vendor = Vendor {
        profile: change.apply(vendor.profile, &before)?,
        created_at: match vendor.created_at {
            0 => clock::now_ms(),
            known => known,
        },
        ..vendor
    };
    VENDORS.put(id, &vendor)?;
    shown(id, vendor).map(Json)
}

/// How long a period.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Period {
    /// Days up to now, 1 to 366; 30 if absent.
    days: Option<u32>,
}

fn view_analytics(caller: Caller, Query(period): Query<Period>) -> Result<Json<AnalyticsView>> {
    let days = period.days.unwrap_or(analytics::DAYS_DEFAULT);
    if !(1..=analytics::DAYS_MAX).contains(&days) {
        let detail = format!("days is 1 to {}.", analytics::DAYS_MAX);
        return Err(Problem::invalid("days", detail));
    }
    let id = caller.user()?;
    analytics::of(id, days, shelf::standing(id)?).map(Json)
}

/// Which part of a list.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageOf {
    /// From 1.
    page: Option<u32>,
    /// 1 to 200; 20 if absent.
    limit: Option<u32>,
}

impl PageOf {
    /// The nearest part that there may be.
    fn window(&self) -> Window {
        let window = Window::nearest(self.limit.unwrap_or(Window::LIMIT_DEFAULT), 0);
        let pages_before = self.page.unwrap_or(1).saturating_sub(1);
        Window {
            offset: pages_before.saturating_mul(window.limit),
            ..window
        }
    }
}

fn view_earnings(caller: Caller, Query(page): Query<PageOf>) -> Result<Json<EarningsView>> {
    let id = caller.user()?;
    let entries = JOURNAL.query().filter(eq("vendor_id", id)).sort_desc("at");
    let entries = page.window().page(entries.with_total())?;
    Ok(Json(EarningsView {
        balances: balances(id)?.into_iter().map(Into::into).collect(),
        total: entries.total.unwrap_or(0),
        entries: entries
            .items
            .into_iter()
            .map(|stored| stored.value.into())
            .collect(),
    }))
}

/// How much to be paid.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewPayout {
    /// In major units.
    amount: Number,
    /// ISO 4217; may be left out by who sells in one currency alone.
    currency: Option<String>,
}

fn request_payout(caller: Caller, Json(new): Json<NewPayout>) -> Result<Created<Json<PayoutView>>> {
    let id = caller.user()?;
    let currency = match new.currency {
        Some(currency) => currency,
        None => only_currency(id)?,
    };
    let amount = Money::from_major_json(&new.amount, &currency)
        .map_err(|error| Problem::invalid("amount", format!("{error}.")))?;
    let (payout_id, payout) = payouts::request(id, &amount)?;
    Ok(Created(Json(PayoutView::of(payout_id, payout))))
}

fn only_currency(vendor_id: &str) -> Result<String> {
    let mut balances = balances(vendor_id)?.into_iter();
    match (balances.next(), balances.next()) {
        (Some(balance), None) => Ok(balance.currency),
        (None, _) => Err(
            Problem::new(422, "insufficient-balance", "There is nothing available.")
                .with_field("amount"),
        ),
        _ => Err(Problem::invalid("currency", "Say in which currency.")),
    }
}

/// Which payouts.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PayoutsQuery {
    status: Option<PayoutStatus>,
    /// From 1.
    page: Option<u32>,
    /// 1 to 200; 20 if absent.
    limit: Option<u32>,
}

fn list_payouts(caller: Caller, Query(wanted): Query<PayoutsQuery>) -> Result<Json<PayoutPage>> {
    let mut filters = Vec::new();
    if !caller.is_admin() {
        filters.push(eq("vendor_id", caller.user()?));
    }
    if let Some(status) = wanted.status {
        filters.push(eq("status", status.word()));
    }
    let PayoutsQuery { page, limit, .. } = wanted;
    let window = PageOf { page, limit }.window();
    let mut query = PAYOUTS.query().sort_desc("requested_at");
    if !filters.is_empty() {
        query = query.filter(and(filters));
    }
    let found = window.page(query.with_total())?;
    let payouts = found.items.into_iter();
    let payouts: Vec<PayoutView> = payouts
        .map(|stored| PayoutView::of(stored.id, stored.value))
        .collect();
    Ok(Json(PayoutPage {
        items: payouts.clone(),
        payouts,
        total: found.total.unwrap_or(0),
        limit: window.limit,
        offset: window.offset,
    }))
}

/// What has become of a payout.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Decision {
    /// Whether it was paid; else it is rejected.
    paid: bool,
    /// The transfer's reference, or why it was rejected.
    note: Option<String>,
}

fn decide_payout(
    Path(id): Path<String>,
    Json(decision): Json<Decision>,
) -> Result<Json<PayoutView>> {
    let payout = payouts::decide(&id, decision.paid, decision.note)?;
    Ok(Json(PayoutView::of(id, payout)))
}

fn on_payment(event: Event<Paid>) -> Result<()> {
    earnings::credit(&event.payload)
}

fn on_part_refunded(event: Event<Paid>) -> Result<()> {
    earnings::take_part(&event.payload)
}

fn on_refund(event: Event<Paid>) -> Result<()> {
    earnings::take_back(&event.payload)
}

fn on_cancelled(event: Event<Cancelled>) -> Result<()> {
    earnings::cancel(event.payload)
}

/// The caller as a vendor. An administrator may have made the account one without asking it to register.
fn own(caller: &Caller) -> Result<Vendor> {
    match vendor::of(caller.user()?)? {
        Some(vendor) => Ok(vendor),
        None if caller.is_vendor() => Ok(Vendor {
            profile: profile::of_vendor_without(caller),
            status: Status::Approved,
            reason: None,
            created_at: 0,
            decided_at: None,
        }),
        None => Err(not_found()),
    }
}

fn not_found() -> Problem {
    Problem::not_found("vendor")
}

fn balances(vendor_id: &str) -> Result<Vec<Balance>> {
    let found = BALANCES.query().filter(eq("vendor_id", vendor_id));
    let found = found.limit(CURRENCIES_MAX).run()?;
    Ok(found.items.into_iter().map(|stored| stored.value).collect())
}

fn shown(id: &str, vendor: Vendor) -> Result<VendorView> {
    let standing = shelf::standing(id)?;
    Ok(view::vendor(id, vendor, standing, &balances(id)?))
}
