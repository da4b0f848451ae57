//! How often a product was downloaded and looked at, as those tell who know.

use serde::Deserialize;
use stoa_guest::events::Tally;
use stoa_guest::prelude::*;

use crate::product::{PRODUCTS, Product};
use crate::{copies, products};

/// A download that began.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    product_id: String,
}

/// Counts a download.
pub fn count_download(event: Event<Started>) -> Result<()> {
    count(&event.payload.product_id, |product| {
        product.download_count = product.download_count.saturating_add(1);
    })
}

/// Counts how often products were looked at.
pub fn count_views(event: Event<Tally>) -> Result<()> {
    let mut counts = event.payload.counts.iter();
    counts.try_for_each(|(id, times)| {
        count(id, |product| {
            product.view_count = product.view_count.saturating_add(*times);
        })
    })
}

/// Changes a product's figures, unless it is gone by now.
fn count(id: &str, change: impl FnOnce(&mut Product)) -> Result<()> {
    let Some(mut product) = products::find(id)? else {
        return Ok(());
    };
    change(&mut product);
    PRODUCTS.put(id, &product)?;
    copies::drop(id);
    Ok(())
}
