//! How many products the tenant's plan allows. Those of an organisation are counted in one document, which every
//! request reads and writes that adds or deletes one: so the bound holds under concurrency.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::product::PRODUCTS;

const TALLIES: Collection<Tally> = Collection::new("tallies");

/// The only tally's id.
const OF_PRODUCTS: &str = "products";

/// The plan's limit.
const LIMIT: &str = "products";

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Tally {
    count: u64,
}

/// Takes a place for one more product.
///
/// # Errors
/// 403 `plan-limit` when the plan allows no more.
pub fn take() -> Result<()> {
    let plan = plans::current()?;
    let limit = plan.limits.into_iter().find(|(name, _)| name == LIMIT);
    let Some(products_max) = limit.and_then(|(_, max)| max) else {
        return Ok(());
    };
    let count = match TALLIES.get(OF_PRODUCTS)? {
        Some(tally) => tally.count,
        None => PRODUCTS
            .query()
            .limit(1)
            .with_total()
            .run()?
            .total
            .unwrap_or_default(),
    };
    if count >= products_max {
        let detail = format!("The plan {} allows {products_max} products.", plan.name);
        return Err(Problem::new(403, "plan-limit", detail));
    }
    TALLIES.put(OF_PRODUCTS, &Tally { count: count + 1 })?;
    Ok(())
}

/// Gives the place of a deleted product back.
pub fn give_back() -> Result<()> {
    if let Some(tally) = TALLIES.get(OF_PRODUCTS)? {
        let count = tally.count.saturating_sub(1);
        TALLIES.put(OF_PRODUCTS, &Tally { count })?;
    }
    Ok(())
}
