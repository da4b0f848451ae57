//! What all lists of the office share.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// The same as in all lists.
const LIMIT_DEFAULT: u32 = stoa_guest::Window::LIMIT_DEFAULT;
const LIMIT_MAX: u32 = stoa_guest::Window::LIMIT_MAX;
const OFFSET_MAX: u32 = stoa_guest::Window::OFFSET_MAX;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub page: u32,
    pub limit: u32,
}

impl Window {
    /// The part that these parameters name.
    pub fn of(page: Option<u32>, limit: Option<u32>) -> Result<Self> {
        let window = Self {
            page: page.unwrap_or(1).max(1),
            limit: limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX),
        };
        if window.offset() > OFFSET_MAX {
            let detail = format!("Pages end after {OFFSET_MAX} elements; narrow the list.");
            return Err(Problem::invalid("page", detail));
        }
        Ok(window)
    }

    /// Elements before it.
    pub const fn offset(self) -> u32 {
        (self.page - 1).saturating_mul(self.limit)
    }

    /// Where in the whole it is.
    pub const fn of_total(self, total: u32) -> Pagination {
        Pagination {
            page: self.page,
            limit: self.limit,
            total,
            pages: total.div_ceil(self.limit),
        }
    }
}

/// Where in the whole a page is.
#[derive(Debug, Clone, Copy, Serialize, Schema)]
pub struct Pagination {
    page: u32,
    limit: u32,
    total: u32,
    pages: u32,
}

/// Why something is refused.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reason {
    /// 1 to 500 bytes, for the vendor's eyes.
    pub reason: String,
}
