//! The plugins that the office asks, as its own tests imagine them.

use std::cell::RefCell;

thread_local! {
    static DECISIONS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What was decided so far.
pub fn decisions() -> Vec<String> {
    DECISIONS.take()
}

fn decided(decision: String) {
    DECISIONS.with_borrow_mut(|decisions| decisions.push(decision));
}

pub mod moderation {
    pub use crate::moderation::{Choice, Error, Listing, Page};

    fn listing(id: &str, status: &str, reason: Option<&str>) -> Result<Listing, Error> {
        match id {
            "missing" => return Err(Error::NotFound),
            "draft" => return Err(Error::InvalidStatus("not offered".into())),
            _ => super::decided(format!("{status} {id}")),
        }
        Ok(Listing {
            id: id.into(),
            name: "Thing".into(),
            vendor_id: "v1".into(),
            category: "things".into(),
            price_minor: 1_250,
            currency: "USD".into(),
            status: status.into(),
            reason: reason.map(Into::into),
            rating: 4.5,
            review_count: 2,
            created_at_ms: 0,
        })
    }

    pub fn list(choice: &Choice) -> Result<Page, Error> {
        let status = choice.status.as_deref().unwrap_or("active");
        if status == "great" {
            return Err(Error::Invalid("no such status".into()));
        }
        let listings = vec![listing("p1", status, None)?];
        Ok(Page {
            listings,
            total: 41,
        })
    }

    pub fn approve(id: &str) -> Result<Listing, Error> {
        listing(id, "active", None)
    }

    pub fn reject(id: &str, reason: &str) -> Result<Listing, Error> {
        match reason {
            "" => Err(Error::Invalid("empty".into())),
            reason => listing(id, "rejected", Some(reason)),
        }
    }

    pub fn tally() -> Result<Vec<(String, u32)>, Error> {
        Ok(vec![("active".into(), 40), ("pending".into(), 1)])
    }
}

pub mod vendors {
    pub use crate::vendors::{Error, Page, Vendor};

    fn vendor(id: &str, status: &str, reason: Option<&str>) -> Result<Vendor, Error> {
        match id {
            "missing" => return Err(Error::NotFound),
            "rejected" => return Err(Error::InvalidStatus("has to register again".into())),
            _ => super::decided(format!("{status} {id}")),
        }
        Ok(Vendor {
            id: id.into(),
            name: "Shop".into(),
            email: None,
            status: status.into(),
            reason: reason.map(Into::into),
            created_at_ms: 0,
        })
    }

    pub fn list(status: Option<&str>, _offset: u32, _limit: u32) -> Result<Page, Error> {
        match status {
            Some("great") => Err(Error::InvalidStatus("great".into())),
            status => Ok(Page {
                vendors: vec![vendor("v1", status.unwrap_or("approved"), None)?],
                total: 3,
            }),
        }
    }

    pub fn approve(id: &str) -> Result<Vendor, Error> {
        vendor(id, "approved", None)
    }

    pub fn reject(id: &str, reason: &str) -> Result<Vendor, Error> {
        match reason {
            "" => Err(Error::Invalid("empty".into())),
            reason => vendor(id, "rejected", Some(reason)),
        }
    }

    pub fn tally() -> Result<Vec<(String, u32)>, Error> {
        Ok(vec![("approved".into(), 2), ("pending".into(), 1)])
    }
}

pub mod orders {
    pub use crate::orders::{Error, Total};

    pub fn totals(_buyer: Option<&str>, _since: Option<u64>) -> Result<Vec<Total>, Error> {
        let total = |(status, currency, orders, total_minor): (&str, &str, u32, i64)| Total {
            status: status.into(),
            currency: currency.into(),
            orders,
            total_minor,
        };
        let rows = [
            ("completed", "USD", 2, 5_050),
            ("pending", "USD", 1, 1_000),
            ("cancelled", "USD", 4, 9_999),
            ("completed", "JPY", 1, 700),
        ];
        Ok(rows.map(total).into())
    }
}

pub mod analytics {
    pub use crate::analytics::{Day, Error};

    pub fn days(_from: &str, to: &str, _vendor: Option<&str>) -> Result<Vec<Day>, Error> {
        Ok(vec![Day {
            date: to.into(),
            counts: vec![("orders".into(), 3)],
        }])
    }
}
