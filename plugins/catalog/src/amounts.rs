//! Money as clients write it.

use serde_json::Number;
use stoa_guest::MoneyError;
use stoa_guest::prelude::*;

/// An amount in major units, or the refusal that names the member at fault.
pub fn read(field: &str, amount: &Number, currency: &str) -> Result<Money> {
    Money::from_major_json(amount, currency).map_err(|error| match error {
        MoneyError::Currency => Problem::invalid("currency", format!("currency: {error}.")),
        error => Problem::invalid(field, format!("{field}: {error}.")),
    })
}
