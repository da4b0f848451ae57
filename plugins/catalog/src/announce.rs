//! Events by which others learn what happens to products. Both shops' names are raised where they differ.

use serde::Serialize;
use stoa_guest::prelude::*;

use crate::product::{Product, Status};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fact<'a> {
    product_id: &'a str,
    vendor_id: &'a str,
    status: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

fn raise(event: &str, id: &str, product: &Product) -> Result<()> {
    let fact = Fact {
        product_id: id,
        vendor_id: &product.vendor_id,
        status: product.status.word(),
        name: &product.offer.name,
        reason: product.rejection_reason.as_deref(),
    };
    // Keyed by the product: what happens to one is told in order.
    events::raise(event, id, &fact)?;
    Ok(())
}

/// A product was added; a vendor's waits for moderation.
pub fn created(caller: &Caller, id: &str, product: &Product) -> Result<()> {
    raise("product.created", id, product)?;
    if caller.is_admin() {
        Ok(())
    } else {
        raise("product.uploaded", id, product)
    }
}

/// A product changed, and perhaps went on sale by it.
pub fn updated(before: Status, id: &str, product: &Product) -> Result<()> {
    raise("product.updated", id, product)?;
    if before != Status::Active && product.status == Status::Active {
        raise("product.approved", id, product)
    } else {
        Ok(())
    }
}

/// An administrator has put a product on sale, or taken it off.
pub fn decided(id: &str, product: &Product) -> Result<()> {
    raise("product.updated", id, product)?;
    match product.status {
        Status::Active => raise("product.approved", id, product),
        _ => raise("product.rejected", id, product),
    }
}

/// A product is gone.
pub fn deleted(id: &str, product: &Product) -> Result<()> {
    raise("product.deleted", id, product)
}
