//! Lists of products: what clients may ask for, and the query that answers it.

use serde::{Deserialize, Serialize};
use stoa_guest::Window;
use stoa_guest::prelude::*;
use stoa_guest::storage;

use crate::criteria::{self, Scope};
use crate::product::{Kind, PRODUCTS, Product, Status};
use crate::view::ProductView;

/// What a list of products may be asked for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductQuery {
    /// Elements of the page: 20 if absent, 200 at most.
    pub limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    pub offset: Option<u32>,
    /// The number of the page from 1, instead of an offset.
    pub page: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    pub cursor: Option<String>,
    pub category: Option<String>,
    pub brand: Option<String>,
    /// `agent`, `workflow` or `tool`.
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    /// A tag.
    pub tag: Option<String>,
    /// Tags divided by commas; products have all of them.
    pub tags: Option<String>,
    /// Lowest price in major units of `currency`.
    pub min_price: Option<f64>,
    /// Highest price in major units of `currency`.
    pub max_price: Option<f64>,
    /// ISO 4217 code; the shop's own if a price is asked for without it.
    pub currency: Option<String>,
    /// A vendor's id.
    pub vendor_id: Option<String>,
    /// The same.
    pub vendor: Option<String>,
    /// A status, or `all`. Anything but `active` is for administrators, and for vendors' own products.
    pub status: Option<String>,
    #[serde(alias = "isFeatured")]
    pub featured: Option<bool>,
    #[serde(alias = "isPopular")]
    pub popular: Option<bool>,
    /// Words of the name, description, brand or category.
    pub search: Option<String>,
    /// The same.
    pub q: Option<String>,
    /// `newest` if absent.
    pub sort: Option<Sort>,
}

/// The order of a list of products.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    #[default]
    Newest,
    Oldest,
    PriceAsc,
    PriceDesc,
    Rating,
    Popular,
    Name,
}

/// A page of products.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ProductList {
    pub items: Vec<ProductView>,
    /// All that match, on every page.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The products on sale, or those that the caller may see beyond.
pub fn public(caller: &Caller, query: &ProductQuery) -> Result<ProductList> {
    let status = asked_status(query)?.unwrap_or(Some(Status::Active));
    page(
        caller,
        query,
        public_scope(caller, asked_vendor(query), status)?,
    )
}

/// The caller's own products.
pub fn own(caller: &Caller, query: &ProductQuery) -> Result<ProductList> {
    let scope = Scope {
        vendor: Some(caller.id.clone()),
        status: asked_status(query)?.flatten(),
    };
    page(caller, query, scope)
}

fn asked_vendor(query: &ProductQuery) -> Option<String> {
    query.vendor_id.as_ref().or(query.vendor.as_ref()).cloned()
}

/// None where the query names no status, `Some(None)` for all of them.
fn asked_status(query: &ProductQuery) -> Result<Option<Option<Status>>> {
    match query.status.as_deref() {
        None => Ok(None),
        Some("all") => Ok(Some(None)),
        Some(word) => match Status::from_word(word) {
            Some(status) => Ok(Some(Some(status))),
            None => Err(Problem::invalid(
                "status",
                "status is active, pending, rejected, draft or all.",
            )),
        },
    }
}

/// Beyond what is on sale, administrators see everything and vendors their own.
fn public_scope(caller: &Caller, vendor: Option<String>, status: Option<Status>) -> Result<Scope> {
    if status == Some(Status::Active) || caller.is_admin() {
        return Ok(Scope { vendor, status });
    }
    let is_own = vendor.as_ref().is_none_or(|vendor| *vendor == caller.id);
    if caller.is_vendor() && is_own {
        return Ok(Scope {
            vendor: Some(caller.id.clone()),
            status,
        });
    }
    Err(Problem::forbidden("Others see only the products on sale."))
}

fn page(caller: &Caller, query: &ProductQuery, scope: Scope) -> Result<ProductList> {
    let cursor = query.cursor.as_deref();
    let window = Window::numbered(query.page, query.limit, query.offset, cursor)?;
    let chosen = PRODUCTS.query().filter(criteria::filter(query, scope)?);
    let sorted = ordered(chosen, query.sort.unwrap_or_default());
    let found = window.page(sorted.with_total())?;
    Ok(ProductList {
        items: found
            .items
            .into_iter()
            .map(|found| ProductView::of(found.id, found.value, caller))
            .collect(),
        total: found.total.unwrap_or_default(),
        limit: window.limit,
        offset: window.offset,
        next_cursor: found.next_cursor,
    })
}

fn ordered(query: storage::Query<Product>, sort: Sort) -> storage::Query<Product> {
    match sort {
        Sort::Newest => query.sort_desc("createdAt"),
        Sort::Oldest => query.sort_asc("createdAt"),
        Sort::PriceAsc => query.sort_asc("offer.price.minor"),
        Sort::PriceDesc => query.sort_desc("offer.price.minor"),
        Sort::Rating => query.sort_desc("rating").sort_desc("reviewCount"),
        Sort::Popular => query.sort_desc("downloadCount").sort_desc("reviewCount"),
        Sort::Name => query.sort_asc("offer.name"),
    }
}
