//! How a vendor's products do, by the catalogue.

use stoa_guest::prelude::*;

use crate::moderation::{Choice, Error};
use crate::view::Standing;

#[cfg(not(test))]
use crate::moderation as source;
#[cfg(test)]
use crate::tests::catalog as source;

/// Products that are looked at for a vendor's rating. The count is of all.
const RATED_MAX: u32 = 200;

/// Products, and the mean of their reviews.
pub fn standing(vendor_id: &str) -> Result<Standing> {
    let page = source::list(&Choice {
        status: None,
        vendor_id: Some(vendor_id.into()),
        text: None,
        offset: 0,
        limit: RATED_MAX,
    })
    .map_err(|error: Error| Problem::internal(format!("the catalogue: {error:?}")))?;
    let rated = page.listings.iter();
    let reviews: u32 = rated.clone().map(|listing| listing.review_count).sum();
    let sum: f64 = rated
        .map(|listing| listing.rating * f64::from(listing.review_count))
        .sum();
    let rating = match reviews {
        0 => 0.0,
        reviews => (sum / f64::from(reviews) * 100.0).round() / 100.0,
    };
    Ok(Standing {
        products: page.total,
        rating,
        reviews,
    })
}
