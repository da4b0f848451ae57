//! A vendor as it is stored.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// All vendors. A vendor's id is its account's.
pub const VENDORS: Collection<Vendor> = Collection::new("vendors");

/// Bytes of why somebody was rejected.
const REASON_BYTES_MAX: usize = 500;

/// Who sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    pub profile: Profile,
    pub status: Status,
    /// Why it was rejected or suspended.
    pub reason: Option<String>,
    /// Milliseconds since 1970; 0 of who sells and has never registered.
    pub created_at: u64,
    pub decided_at: Option<u64>,
}

/// What a vendor says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    pub description: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub website: Option<String>,
    pub avatar: Option<String>,
}

/// Whether a vendor may sell. The autopilot's `active` and the interface's `approved` are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for an administrator.
    Pending,
    /// Sells.
    Approved,
    /// Was refused, and may ask again.
    Rejected,
    /// Sold, and may not for now.
    Suspended,
}

impl Status {
    const ALL: [Self; 4] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::Suspended,
    ];

    /// The word in storage and between plugins.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Suspended => "suspended",
        }
    }

    /// The status that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// The vendor of an account.
pub fn of(id: &str) -> Result<Option<Vendor>> {
    Ok(VENDORS.get(id)?)
}

/// Lets a vendor sell.
pub fn approve(id: &str) -> Result<Vendor> {
    decide(id, Status::Approved, None)
}

/// Refuses a vendor; one that sells is suspended.
pub fn reject(id: &str, reason: &str) -> Result<Vendor> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        let detail = format!("reason is 1 to {REASON_BYTES_MAX} bytes long.");
        return Err(Problem::invalid("reason", detail));
    }
    let sold =
        of(id)?.is_some_and(|vendor| matches!(vendor.status, Status::Approved | Status::Suspended));
    let status = match sold {
        true => Status::Suspended,
        false => Status::Rejected,
    };
    decide(id, status, Some(reason.into()))
}

fn decide(id: &str, status: Status, reason: Option<String>) -> Result<Vendor> {
    let mut vendor = of(id)?.ok_or_else(|| Problem::not_found("vendor"))?;
    if vendor.status == status {
        return Ok(vendor);
    }
    if vendor.status == Status::Rejected {
        let detail = "The vendor was rejected; it has to register again.";
        return Err(Problem::conflict("invalid-status", detail));
    }
    vendor.status = status;
    vendor.reason = reason;
    vendor.decided_at = Some(clock::now_ms());
    VENDORS.put(id, &vendor)?;
    match roles::set_selling(id, status == Status::Approved) {
        // An account that has ended, or one that a host for developers knows by its token alone, has no role to change.
        Ok(()) | Err(roles::Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    announce(id, &vendor)?;
    Ok(vendor)
}

/// What is told of a decision.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Decided<'a> {
    vendor_id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

fn announce(id: &str, vendor: &Vendor) -> Result<()> {
    let name = match vendor.status {
        Status::Approved => "vendor.approved",
        _ => "vendor.rejected",
    };
    let told = Decided {
        vendor_id: id,
        name: &vendor.profile.name,
        reason: vendor.reason.as_deref(),
    };
    events::raise(name, id, &told)
}
