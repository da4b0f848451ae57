//! The catalogue of this plugin's own tests.

use std::cell::RefCell;

use crate::moderation::{Choice, Error, Listing, Page};

thread_local! {
    static LISTINGS: RefCell<Vec<Listing>> = const { RefCell::new(Vec::new()) };
}

/// Makes these what is listed: vendor, rating, number of reviews.
pub fn list_these(listings: &[(&str, f64, u32)]) {
    let listing = |(vendor_id, rating, review_count): &(&str, f64, u32)| Listing {
        id: format!("p{rating}"),
        name: "Thing".into(),
        vendor_id: (*vendor_id).into(),
        category: "things".into(),
        price_minor: 100,
        currency: "USD".into(),
        status: "active".into(),
        reason: None,
        rating: *rating,
        review_count: *review_count,
        created_at_ms: 0,
    };
    LISTINGS.with_borrow_mut(|present| *present = listings.iter().map(listing).collect());
}

pub fn list(choice: &Choice) -> Result<Page, Error> {
    let asked = |listing: &&Listing| choice.vendor_id.as_ref() == Some(&listing.vendor_id);
    let listings = LISTINGS.with_borrow(|present| {
        let listings: Vec<Listing> = present.iter().filter(asked).cloned().collect();
        listings
    });
    Ok(Page {
        total: listings.len().try_into().unwrap_or(u32::MAX),
        listings,
    })
}
