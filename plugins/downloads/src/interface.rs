//! What other plugins ask of licences.

use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::licence::LICENCES;
use crate::provided::downloads as wire;

impl wire::Guest for crate::Plugin {
    fn of_buyer(buyer_id: String, limit: u32) -> Result<Vec<wire::Licence>, wire::Error> {
        let good = and([
            eq("buyer_id", buyer_id),
            eq("revoked_at", serde_json::Value::Null),
        ]);
        let newest = LICENCES.query().filter(good).sort_desc("issued_at");
        let page = newest.limit(limit.clamp(1, Window::LIMIT_MAX)).run();
        let page = page.map_err(|error| wire::Error::Other(error.to_string()))?;
        let told = page.items.into_iter().map(|stored| stored.value);
        Ok(told
            .map(|licence| wire::Licence {
                product_id: licence.product_id,
                product_name: licence.product_name,
                order_id: licence.order_id,
                key: licence.key,
                issued_at_ms: licence.issued_at,
                downloads: licence.downloads,
            })
            .collect())
    }
}
