//! What other plugins ask for those who decide what is sold. They answer for who may ask.

use serde_json::{Map, Value};
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::product::{PRODUCTS, Product, Status};
use crate::products::find;
use crate::provided::moderation as wire;
use crate::{announce, copies};

/// Bytes of why a product was rejected.
const REASON_BYTES_MAX: usize = 500;

impl wire::Guest for crate::Plugin {
    fn list(choice: wire::Choice) -> Result<wire::Page, wire::Error> {
        let mut filters = Vec::new();
        if let Some(word) = choice.status {
            let known = Status::from_word(&word);
            let status = known.ok_or_else(|| wire::Error::Invalid(format!("status {word:?}")))?;
            filters.push(eq("status", status.word()));
        }
        if let Some(vendor_id) = choice.vendor_id {
            filters.push(eq("vendorId", vendor_id));
        }
        if let Some(words) = choice.text.filter(|words| !words.trim().is_empty()) {
            filters.push(text(&["offer.name"], &words));
        }
        if choice.offset > Window::OFFSET_MAX {
            return Err(wire::Error::Invalid(format!(
                "more than {}",
                Window::OFFSET_MAX
            )));
        }
        let mut query = PRODUCTS.query().sort_desc("createdAt").with_total();
        if !filters.is_empty() {
            query = query.filter(and(filters));
        }
        let window = Window::nearest(choice.limit, choice.offset);
        let page = window.page(query).map_err(|error| failed(&error))?;
        Ok(wire::Page {
            total: u32::try_from(page.total.unwrap_or(0)).unwrap_or(u32::MAX),
            listings: page
                .items
                .into_iter()
                .map(|found| told(found.id, found.value))
                .collect(),
        })
    }

    fn approve(id: String) -> Result<wire::Listing, wire::Error> {
        decide(id, Status::Active, None)
    }

    fn reject(id: String, reason: String) -> Result<wire::Listing, wire::Error> {
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
            let detail = format!("reason is 1 to {REASON_BYTES_MAX} bytes long.");
            return Err(wire::Error::Invalid(detail));
        }
        decide(id, Status::Rejected, Some(reason.into()))
    }

    fn tally() -> Result<Vec<(String, u32)>, wire::Error> {
        let count = PRODUCTS.aggregate().group_by("status").compute("count");
        let rows = count.run().map_err(|error| failed(&error.into()))?;
        let row = |row: Map<String, Value>| {
            let status = row.get("status")?.as_str()?.to_owned();
            Some((status, u32::try_from(row.get("count")?.as_u64()?).ok()?))
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }

    fn file(id: String) -> Result<Option<String>, wire::Error> {
        let product = known(&id)?;
        Ok(product.offer.files.and_then(|files| files.download_url))
    }
}

/// Puts a product on sale or takes it off. Saying it again changes and tells nothing.
fn decide(
    id: String,
    status: Status,
    reason: Option<String>,
) -> Result<wire::Listing, wire::Error> {
    let mut product = known(&id)?;
    if product.status == status {
        return Ok(told(id, product));
    }
    if product.status == Status::Draft {
        let detail = "Its vendor has not offered it yet.";
        return Err(wire::Error::InvalidStatus(detail.into()));
    }
    product.status = status;
    product.rejection_reason = reason;
    product.updated_at = clock::now_ms();
    let keep = || -> Result<()> {
        PRODUCTS.put(&id, &product)?;
        copies::drop(&id);
        announce::decided(&id, &product)
    };
    keep().map_err(|problem| failed(&problem))?;
    Ok(told(id, product))
}

fn known(id: &str) -> Result<Product, wire::Error> {
    let product = find(id).map_err(|problem| failed(&problem))?;
    product.ok_or(wire::Error::NotFound)
}

fn failed(problem: &Problem) -> wire::Error {
    wire::Error::Other(problem.to_string())
}

fn told(id: String, product: Product) -> wire::Listing {
    let offer = product.offer;
    wire::Listing {
        id,
        name: offer.name,
        vendor_id: product.vendor_id,
        category: offer.category,
        price_minor: offer.price.minor,
        currency: offer.price.currency,
        status: product.status.word().into(),
        reason: product.rejection_reason,
        rating: product.rating,
        review_count: u32::try_from(product.review_count).unwrap_or(u32::MAX),
        created_at_ms: product.created_at,
    }
}
