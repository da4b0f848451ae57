//! What other plugins ask of the vendors.

use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::provided::vendors as wire;
use crate::vendor::{self, Status, VENDORS, Vendor};

impl wire::Guest for crate::Plugin {
    fn get(id: String) -> Result<wire::Vendor, wire::Error> {
        let found = vendor::of(&id).map_err(failed)?;
        found
            .map(|vendor| told(id, vendor))
            .ok_or(wire::Error::NotFound)
    }

    fn list(status: Option<String>, offset: u32, limit: u32) -> Result<wire::Page, wire::Error> {
        let mut query = VENDORS.query().sort_desc("created_at");
        if let Some(status) = status {
            let known = Status::from_word(&status).ok_or(wire::Error::InvalidStatus(status))?;
            query = query.filter(eq("status", known.word()));
        }
        let window = Window::nearest(limit, offset);
        let page = window.page(query.with_total()).map_err(failed)?;
        Ok(wire::Page {
            total: u32::try_from(page.total.unwrap_or(0)).unwrap_or(u32::MAX),
            vendors: page
                .items
                .into_iter()
                .map(|stored| told(stored.id, stored.value))
                .collect(),
        })
    }

    fn approve(id: String) -> Result<wire::Vendor, wire::Error> {
        let vendor = vendor::approve(&id).map_err(failed)?;
        Ok(told(id, vendor))
    }

    fn reject(id: String, reason: String) -> Result<wire::Vendor, wire::Error> {
        let vendor = vendor::reject(&id, &reason).map_err(failed)?;
        Ok(told(id, vendor))
    }

    fn tally() -> Result<Vec<(String, u32)>, wire::Error> {
        let count = VENDORS.aggregate().group_by("status").compute("count");
        let rows = count.run().map_err(|error| failed(error.into()))?;
        let row = |row: serde_json::Map<String, serde_json::Value>| {
            let status = row.get("status")?.as_str()?.to_owned();
            Some((status, u32::try_from(row.get("count")?.as_u64()?).ok()?))
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }
}

fn failed(problem: Problem) -> wire::Error {
    match problem.status {
        404 => wire::Error::NotFound,
        409 => wire::Error::InvalidStatus(problem.detail),
        400 | 422 => wire::Error::Invalid(problem.detail),
        _ => wire::Error::Other(problem.to_string()),
    }
}

fn told(id: String, vendor: Vendor) -> wire::Vendor {
    wire::Vendor {
        id,
        name: vendor.profile.name,
        email: vendor.profile.email,
        status: vendor.status.word().into(),
        reason: vendor.reason,
        created_at_ms: vendor.created_at,
    }
}
