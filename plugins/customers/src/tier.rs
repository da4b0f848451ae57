//! How good a customer is.

use serde::{Deserialize, Serialize};
use stoa_guest::{Schema, decimals};

/// Major units that a customer has spent more than to be silver.
const SILVER_OVER: i64 = 5_000;
/// Major units that a customer has spent more than to be gold.
const GOLD_OVER: i64 = 10_000;

/// A tier that is earned. The watch shop's words; people may say others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Tier {
    #[default]
    Bronze,
    Silver,
    Gold,
}

/// The word by which customers of a tier are found, whoever has written it and in which case: that of an earned one, or
/// another in lower case.
pub fn key(word: &str) -> String {
    let earned = [Tier::Bronze, Tier::Silver, Tier::Gold].map(Tier::word);
    let mut same = earned.into_iter();
    let same = same.find(|earned| earned.eq_ignore_ascii_case(word));
    same.map_or_else(|| word.to_lowercase(), Into::into)
}

impl Tier {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bronze => "Bronze",
            Self::Silver => "Silver",
            Self::Gold => "Gold",
        }
    }

    /// The tier of who has spent so much.
    pub fn of(spent_minor: i64, currency: &str) -> Self {
        let scale = 10_i64.pow(decimals(currency));
        if spent_minor > GOLD_OVER * scale {
            Self::Gold
        } else if spent_minor > SILVER_OVER * scale {
            Self::Silver
        } else {
            Self::Bronze
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_begins_above_its_amount_in_any_currency() {
        for (minor, currency, tier) in [
            (0, "USD", Tier::Bronze),
            (500_000, "USD", Tier::Bronze),
            (500_001, "USD", Tier::Silver),
            (1_000_000, "USD", Tier::Silver),
            (1_000_001, "USD", Tier::Gold),
            (i64::MAX, "USD", Tier::Gold),
            (5_000, "JPY", Tier::Bronze),
            (10_001, "JPY", Tier::Gold),
            (5_000_001, "KWD", Tier::Silver),
        ] {
            assert_eq!(Tier::of(minor, currency), tier, "{minor} {currency}");
        }
    }

    #[test]
    fn every_tier_is_its_word() {
        for tier in [Tier::Bronze, Tier::Silver, Tier::Gold] {
            assert_eq!(serde_json::json!(tier), tier.word());
        }
    }

    #[test]
    fn a_tier_is_found_in_any_case() {
        for (word, expected) in [
            ("Gold", "Gold"),
            ("gold", "Gold"),
            ("SILVER", "Silver"),
            ("Platinum", "platinum"),
            ("Gold plus", "gold plus"),
        ] {
            assert_eq!(key(word), expected);
        }
    }
}
