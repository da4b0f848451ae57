//! Vendors, and decisions on them.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::lists::{Pagination, Reason, Window};
use crate::sources::vendors as source;
use crate::vendors::{Error, Vendor};

/// Which vendors.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VendorsQuery {
    /// `pending`, `active` (also called `approved`), `rejected` or `suspended`.
    status: Option<String>,
    /// From 1.
    page: Option<u32>,
    /// 1 to 200; 20 if absent.
    limit: Option<u32>,
}

/// A vendor, as the office sees it.
#[derive(Debug, Clone, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct VendorItem {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// `pending`, `active`, `rejected` or `suspended`.
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    created_at: String,
}

/// The word of clients and that of the vendors' interface for the same status.
const ACTIVE: (&str, &str) = ("active", "approved");

/// A vendor's status as clients know it.
pub fn shown(status: String) -> String {
    match status {
        status if status == ACTIVE.1 => ACTIVE.0.into(),
        status => status,
    }
}

/// Vendors, newest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct VendorList {
    vendors: Vec<VendorItem>,
    /// The same, under the name that all lists have.
    items: Vec<VendorItem>,
    /// All that match, on every page.
    total: u32,
    pagination: Pagination,
}

impl From<Vendor> for VendorItem {
    fn from(vendor: Vendor) -> Self {
        Self {
            id: vendor.id,
            name: vendor.name,
            email: vendor.email,
            status: shown(vendor.status),
            reason: vendor.reason,
            created_at: clock::rfc3339(vendor.created_at_ms),
        }
    }
}

pub fn list_vendors(Query(query): Query<VendorsQuery>) -> Result<Json<VendorList>> {
    let window = Window::of(query.page, query.limit)?;
    let status = query.status.as_deref();
    let status = status.map(|word| if word == ACTIVE.0 { ACTIVE.1 } else { word });
    let page = source::list(status, window.offset(), window.limit);
    let page = page.map_err(|error| match error {
        Error::InvalidStatus(word) => {
            Problem::invalid("status", format!("{word:?} is no status of a vendor."))
        }
        error => problem(error),
    })?;
    let vendors: Vec<VendorItem> = page.vendors.into_iter().map(Into::into).collect();
    Ok(Json(VendorList {
        items: vendors.clone(),
        vendors,
        total: page.total,
        pagination: window.of_total(page.total),
    }))
}

pub fn approve_vendor(Path(id): Path<String>) -> Result<Json<VendorItem>> {
    let vendor = source::approve(&id).map_err(problem)?;
    Ok(Json(vendor.into()))
}

pub fn reject_vendor(
    Path(id): Path<String>,
    Json(reason): Json<Reason>,
) -> Result<Json<VendorItem>> {
    let vendor = source::reject(&id, &reason.reason).map_err(problem)?;
    Ok(Json(vendor.into()))
}

fn problem(error: Error) -> Problem {
    match error {
        Error::NotFound => Problem::not_found("vendor"),
        Error::InvalidStatus(reason) => Problem::conflict("invalid-status", reason),
        Error::Invalid(reason) => Problem::invalid("reason", reason),
        Error::Other(reason) => Problem::internal(format!("the vendors: {reason}")),
    }
}
