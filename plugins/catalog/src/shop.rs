//! What the operator has set for the shop.

use stoa_guest::prelude::*;

/// The currency of prices that name none.
pub fn currency() -> String {
    settings::get("currency").unwrap_or_else(|| "USD".into())
}
