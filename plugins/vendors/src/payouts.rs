//! Payouts: asked for by vendors, decided by administrators.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::ledger::{self, NewEntry};
use crate::vendor::{self, Status};

/// All payouts.
pub const PAYOUTS: Collection<Payout> = Collection::new("payouts");

/// Bytes of an administrator's note.
const NOTE_BYTES_MAX: usize = 500;

/// A payout as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    pub vendor_id: String,
    pub currency: String,
    pub minor: i64,
    pub status: PayoutStatus,
    /// The transfer's reference, or why it was rejected.
    pub note: Option<String>,
    pub requested_at: u64,
    pub decided_at: Option<u64>,
}

/// What has become of a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum PayoutStatus {
    /// Waits for an administrator; its amount is set aside.
    Pending,
    /// The money is on its way.
    Paid,
    /// Its amount is available again.
    Rejected,
}

impl PayoutStatus {
    /// The word in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Rejected => "rejected",
        }
    }
}

/// Asks for money that the vendor has earned.
pub fn request(vendor_id: &str, amount: &Money) -> Result<(String, Payout)> {
    let vendor = vendor::of(vendor_id)?;
    // Who was made a vendor by an administrator sells without having registered.
    if vendor.is_some_and(|vendor| vendor.status != Status::Approved) {
        return Err(Problem::forbidden("Only approved vendors are paid."));
    }
    let smallest: i64 = settings::get("payout_minor_min").unwrap_or(1).max(1);
    if amount.minor < smallest {
        let smallest = Money::new(smallest, amount.currency.clone()).to_major_json();
        let detail = format!("The smallest payout is {smallest} {}.", amount.currency);
        return Err(Problem::unprocessable("amount", detail));
    }
    let id = random::ulid();
    let entry = entry(vendor_id, &amount.currency, &id);
    if !ledger::set_aside(&id, entry, amount.minor)? {
        let detail = "There is not as much available.";
        let problem = Problem::new(422, "insufficient-balance", detail);
        return Err(problem.with_field("amount"));
    }
    let payout = Payout {
        vendor_id: vendor_id.into(),
        currency: amount.currency.clone(),
        minor: amount.minor,
        status: PayoutStatus::Pending,
        note: None,
        requested_at: clock::now_ms(),
        decided_at: None,
    };
    PAYOUTS.create(&id, &payout)?;
    announce("payout.requested", &id, &payout)?;
    Ok((id, payout))
}

/// Says what has become of a payout, once.
pub fn decide(id: &str, paid: bool, note: Option<String>) -> Result<Payout> {
    if note
        .as_ref()
        .is_some_and(|note| note.len() > NOTE_BYTES_MAX)
    {
        let detail = format!("note is at most {NOTE_BYTES_MAX} bytes long.");
        return Err(Problem::invalid("note", detail));
    }
    let found = PAYOUTS.get(id)?;
    let mut payout = found.ok_or_else(|| Problem::not_found("payout"))?;
    let wanted = match paid {
        true => PayoutStatus::Paid,
        false => PayoutStatus::Rejected,
    };
    if payout.status == wanted {
        return Ok(payout);
    }
    if payout.status != PayoutStatus::Pending {
        let detail = format!("The payout is {} already.", payout.status.word());
        return Err(Problem::conflict("invalid-status", detail));
    }
    let entry = entry(&payout.vendor_id, &payout.currency, id);
    match wanted {
        PayoutStatus::Paid => {
            if !ledger::paid(id, entry, payout.minor)? {
                let detail =
                    "More has gone back to buyers since than the vendor has left: reject it.";
                return Err(Problem::conflict("insufficient-balance", detail));
            }
        }
        _ => ledger::give_back(id, entry, payout.minor)?,
    }
    payout.status = wanted;
    payout.note = note;
    payout.decided_at = Some(clock::now_ms());
    PAYOUTS.put(id, &payout)?;
    let told = match wanted {
        PayoutStatus::Paid => "payout.paid",
        _ => "payout.rejected",
    };
    announce(told, id, &payout)?;
    Ok(payout)
}

const fn entry<'a>(vendor_id: &'a str, currency: &'a str, id: &'a str) -> NewEntry<'a> {
    NewEntry {
        vendor_id,
        currency,
        reference: id,
        pieces: 0,
    }
}

/// What is told of a payout.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    payout_id: &'a str,
    vendor_id: &'a str,
    currency: &'a str,
    amount_minor: i64,
}

fn announce(name: &str, id: &str, payout: &Payout) -> Result<()> {
    let told = Told {
        payout_id: id,
        vendor_id: &payout.vendor_id,
        currency: &payout.currency,
        amount_minor: payout.minor,
    };
    events::raise(name, id, &told)
}
