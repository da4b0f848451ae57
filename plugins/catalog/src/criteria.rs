//! The filter that answers a product query.

use serde_json::{Number, json};
use stoa_guest::check;
use stoa_guest::prelude::*;

use crate::amounts;
use crate::listing::ProductQuery;
use crate::product::Status;
use crate::shop;

/// Tags that one query may ask for: each costs a node of the filter.
const TAGS_ASKED_MAX: usize = 10;
/// Where words are searched.
const SEARCHED: &[&str] = &[
    "offer.name",
    "offer.description",
    "offer.brand",
    "offer.category",
];

/// Whose products of which status a query is about; none means any.
#[derive(Debug, PartialEq, Eq)]
pub struct Scope {
    pub vendor: Option<String>,
    pub status: Option<Status>,
}

/// All conditions of a query within its scope.
pub fn filter(query: &ProductQuery, scope: Scope) -> Result<Filter> {
    let mut conditions = Vec::new();
    if let Some(status) = scope.status {
        conditions.push(eq("status", status.word()));
    }
    if let Some(vendor) = scope.vendor {
        conditions.push(eq("vendorId", vendor));
    }
    for (path, asked) in [
        ("offer.category", &query.category),
        ("offer.brand", &query.brand),
    ] {
        conditions.extend(asked.as_deref().map(|asked| eq(path, asked.trim())));
    }
    conditions.extend(query.kind.map(|kind| eq("offer.type", json!(kind))));
    conditions.extend(query.featured.map(|mark| eq("isFeatured", mark)));
    conditions.extend(query.popular.map(|mark| eq("isPopular", mark)));
    conditions.extend(tags(query)?);
    conditions.extend(prices(query)?);
    let (search, q) = (query.search.as_deref(), query.q.as_deref());
    conditions.extend(check::search(search, q, SEARCHED)?);
    Ok(and(conditions))
}

fn tags(query: &ProductQuery) -> Result<Vec<Filter>> {
    let many = query.tags.as_deref().unwrap_or_default().split(',');
    let asked = many
        .chain(query.tag.as_deref())
        .map(|tag| tag.trim().to_lowercase())
        .filter(|tag| !tag.is_empty());
    let conditions: Vec<Filter> = asked.map(|tag| contains("offer.tags", tag)).collect();
    if conditions.len() > TAGS_ASKED_MAX {
        return Err(Problem::invalid(
            "tags",
            format!("tags has at most {TAGS_ASKED_MAX} elements."),
        ));
    }
    Ok(conditions)
}

/// Amounts of different currencies can't be compared, so a bound is also a question for the currency.
fn prices(query: &ProductQuery) -> Result<Vec<Filter>> {
    let mut conditions = Vec::new();
    let bounded = query.min_price.is_some() || query.max_price.is_some();
    let Some(currency) = query
        .currency
        .clone()
        .or_else(|| bounded.then(shop::currency))
    else {
        return Ok(conditions);
    };
    conditions.push(eq("offer.price.currency", currency.as_str()));
    if let Some(least) = query.min_price {
        conditions.push(ge(
            "offer.price.minor",
            bound("minPrice", least, &currency)?,
        ));
    }
    if let Some(most) = query.max_price {
        conditions.push(le("offer.price.minor", bound("maxPrice", most, &currency)?));
    }
    if query
        .min_price
        .zip(query.max_price)
        .is_some_and(|(least, most)| least > most)
    {
        return Err(Problem::invalid(
            "minPrice",
            "minPrice is not more than maxPrice.",
        ));
    }
    Ok(conditions)
}

fn bound(field: &str, amount: f64, currency: &str) -> Result<i64> {
    let amount = Number::from_f64(amount).filter(|_| amount >= 0.0);
    let amount = amount
        .ok_or_else(|| Problem::invalid(field, format!("{field} is a number of at least 0.")))?;
    Ok(amounts::read(field, &amount, currency)?.minor)
}
