//! Products that wait for a decision, as events tell.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

const QUEUE: Collection<Waiting> = Collection::new("queue");

/// A product that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    name: String,
    vendor_id: String,
    since: u64,
}

/// What the catalogue tells of a product.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    product_id: String,
    vendor_id: String,
    status: String,
    name: String,
}

/// A vendor has offered a product or taken it back, or it has been decided on, or it is gone.
pub fn follow(event: &Event<Told>) -> Result<()> {
    let told = &event.payload;
    if event.name == "product.deleted" || told.status != "pending" {
        return remove(&told.product_id);
    }
    // A change of what waits does not let it wait anew.
    let known = QUEUE.get(&told.product_id)?;
    let waiting = Waiting {
        name: told.name.clone(),
        vendor_id: told.vendor_id.clone(),
        since: known.map_or(event.raised_at_ms, |known| known.since),
    };
    QUEUE.put(&told.product_id, &waiting)?;
    Ok(())
}

/// It waits no more.
pub fn remove(product_id: &str) -> Result<()> {
    QUEUE.delete(product_id)?;
    Ok(())
}

/// How many wait, and since when the first one does.
pub fn length() -> Result<(u64, Option<u64>)> {
    let first = QUEUE
        .query()
        .sort_asc("since")
        .limit(1)
        .with_total()
        .run()?;
    let since = first.items.first().map(|waiting| waiting.value.since);
    Ok((first.total.unwrap_or(0), since))
}
