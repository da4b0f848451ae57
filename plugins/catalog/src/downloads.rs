//! How often a product was downloaded, as those tell who hand it out.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::product::PRODUCTS;
use crate::{copies, products};

/// A download that began.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    product_id: String,
}

/// Counts it, unless the product is gone by now.
pub fn count_download(event: Event<Started>) -> Result<()> {
    let id = event.payload.product_id;
    let Some(mut product) = products::find(&id)? else {
        return Ok(());
    };
    product.download_count = product.download_count.saturating_add(1);
    PRODUCTS.put(&id, &product)?;
    copies::drop(&id);
    Ok(())
}
