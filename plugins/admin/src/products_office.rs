//! Products, and decisions on them.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::lists::{Pagination, Reason, Window};
use crate::moderation::{Choice, Error, Listing};
use crate::queue;
use crate::sources::moderation as source;

/// Which products.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductsQuery {
    /// `active`, `pending`, `rejected` or `draft`.
    status: Option<String>,
    vendor_id: Option<String>,
    /// Words in the name.
    search: Option<String>,
    /// From 1.
    page: Option<u32>,
    /// 1 to 200; 20 if absent.
    limit: Option<u32>,
}

/// A product, as the office sees it.
#[derive(Debug, Clone, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ProductItem {
    id: String,
    name: String,
    vendor_id: String,
    category: String,
    price: Number,
    currency: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    rating: f64,
    review_count: u32,
    created_at: String,
}

/// Products, newest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ProductItems {
    products: Vec<ProductItem>,
    /// The same, under the name that all lists have.
    items: Vec<ProductItem>,
    /// All that match, on every page.
    total: u32,
    pagination: Pagination,
}

impl From<Listing> for ProductItem {
    fn from(listing: Listing) -> Self {
        Self {
            id: listing.id,
            name: listing.name,
            vendor_id: listing.vendor_id,
            category: listing.category,
            price: Money::new(listing.price_minor, listing.currency.clone()).to_major_json(),
            currency: listing.currency,
            status: listing.status,
            reason: listing.reason,
            rating: listing.rating,
            review_count: listing.review_count,
            created_at: clock::rfc3339(listing.created_at_ms),
        }
    }
}

pub fn list_products(Query(query): Query<ProductsQuery>) -> Result<Json<ProductItems>> {
    let window = Window::of(query.page, query.limit)?;
    let page = source::list(&Choice {
        status: query.status,
        vendor_id: query.vendor_id,
        text: query.search,
        offset: window.offset(),
        limit: window.limit,
    });
    let page = page.map_err(|error| match error {
        Error::Invalid(reason) => Problem::invalid("status", reason),
        error => problem(error),
    })?;
    let products: Vec<ProductItem> = page.listings.into_iter().map(Into::into).collect();
    Ok(Json(ProductItems {
        items: products.clone(),
        products,
        total: page.total,
        pagination: window.of_total(page.total),
    }))
}

pub fn approve_product(Path(id): Path<String>) -> Result<Json<ProductItem>> {
    let listing = source::approve(&id).map_err(problem)?;
    queue::remove(&id)?;
    Ok(Json(listing.into()))
}

pub fn reject_product(
    Path(id): Path<String>,
    Json(reason): Json<Reason>,
) -> Result<Json<ProductItem>> {
    let listing = source::reject(&id, &reason.reason).map_err(problem)?;
    queue::remove(&id)?;
    Ok(Json(listing.into()))
}

fn problem(error: Error) -> Problem {
    match error {
        Error::NotFound => Problem::not_found("product"),
        Error::InvalidStatus(reason) => Problem::conflict("invalid-status", reason),
        Error::Invalid(reason) => Problem::invalid("reason", reason),
        Error::Other(reason) => Problem::internal(format!("the catalogue: {reason}")),
    }
}
