//! One price for shipping, and nothing above a value.
//!
//! An example of a plugin without routes: it answers `stoa:commerce/shipping`, which the orders ask while they price
//! an order. What it does not know it leaves to the orders' own setting by saying that it is not available.

#[cfg(test)]
mod tests;

use stoa_guest::prelude::*;

use crate::provided::shipping::{Answer, Error, Guest, Question};

stoa_guest::plugin!("plugin.toml");

impl Guest for Plugin {
    fn shipping(question: Question) -> Result<Answer, Error> {
        let Some(price_minor) = settings::get::<i64>("price_minor") else {
            return Err(Error::Unavailable("no price is set".into()));
        };
        let currency: String = settings::get("currency").unwrap_or_default();
        if question.currency != currency {
            return Err(Error::Unavailable(format!(
                "the prices here are {currency}"
            )));
        }
        // Downloads go everywhere.
        if !question.lines.iter().any(|line| line.tangible) {
            return Ok(Answer {
                price_minor: 0,
                label: String::new(),
            });
        }
        goes_to(question.country.as_deref())?;
        let free_from = settings::get::<i64>("free_from_minor");
        let is_free = free_from.is_some_and(|from| question.subtotal_minor >= from);
        Ok(Answer {
            price_minor: if is_free { 0 } else { price_minor },
            label: settings::get("label").unwrap_or_default(),
        })
    }
}

/// Whether goods are brought to this country.
fn goes_to(country: Option<&str>) -> Result<(), Error> {
    let countries: String = settings::get("countries").unwrap_or_default();
    if countries.trim().is_empty() {
        return Ok(());
    }
    let Some(country) = country else {
        return Err(Error::Refused("Say where the order shall go.".into()));
    };
    let mut known = countries.split(',').map(str::trim);
    match known.any(|known| known.eq_ignore_ascii_case(country)) {
        true => Ok(()),
        false => Err(Error::Refused(format!("Nothing is brought to {country}."))),
    }
}
