//! Value-added tax by the country that an order goes to.
//!
//! An example of a plugin without routes: it answers `stoa:commerce/tax`, which the orders ask while they price an
//! order. As long as no rates are set it says that it is not available, and the orders' own setting counts.

#[cfg(test)]
mod tests;

use stoa_guest::portion::percent_of;
use stoa_guest::prelude::*;

use crate::provided::tax::{Error, Guest, Question};

stoa_guest::plugin!("plugin.toml");

/// The entry for countries that have none of their own.
const ELSEWHERE: &str = "*";

impl Guest for Plugin {
    fn tax(question: Question) -> Result<i64, Error> {
        let rates: String = settings::get("rates").unwrap_or_default();
        if rates.trim().is_empty() {
            return Err(Error::Unavailable("no rates are set".into()));
        }
        let country = question.country.as_deref().unwrap_or(ELSEWHERE);
        let percent = match rate(&rates, country) {
            Ok(Some(percent)) => percent,
            Ok(None) if country == ELSEWHERE => {
                return Err(Error::Refused("Say where the order shall go.".into()));
            }
            Ok(None) => return Err(Error::Refused(format!("Nothing is sold to {country}."))),
            // Nobody should sell without tax because of a slip of the keyboard.
            Err(entry) => {
                log::error!("the setting rates has {entry:?}");
                return Err(Error::Refused("The tax is not known at the moment.".into()));
            }
        };
        // Bringing goods is taxed as the goods are. Summed first, so that it is rounded once.
        let goods = question.lines.iter().map(|line| line.net_minor);
        let taxed = goods.fold(question.shipping_minor, i64::saturating_add);
        Ok(percent_of(taxed, percent))
    }
}

/// The percentage of a country, or of elsewhere; none if neither is listed. An entry that makes no sense is the error.
fn rate(rates: &str, country: &str) -> Result<Option<f64>, String> {
    let (mut own, mut elsewhere) = (None, None);
    for entry in rates.split(',') {
        let parts = entry
            .split_once('=')
            .map(|(code, percent)| (code.trim(), percent.trim().parse()));
        match parts {
            Some((code, Ok(percent))) if (0.0..=100.0).contains(&percent) => {
                if code.eq_ignore_ascii_case(country) {
                    own = Some(percent);
                } else if code == ELSEWHERE {
                    elsewhere = Some(percent);
                }
            }
            _ => return Err(entry.trim().to_owned()),
        }
    }
    Ok(own.or(elsewhere))
}
