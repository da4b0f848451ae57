//! Amounts of money: integers in minor units with a currency, major units on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Number;

/// The largest amount that is taken: above any price, far below what arithmetic could overflow.
pub const MINOR_MAX: i64 = 1_000_000_000_000;

/// An amount in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Cents, yen, fils.
    pub minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// Why a number is no amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyError {
    /// Less than nothing.
    Negative,
    /// Finer than the currency's minor unit.
    TooManyDecimals,
    /// Beyond [`MINOR_MAX`].
    TooLarge,
    /// Not three capital letters.
    Currency,
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Negative => "an amount can't be negative",
            Self::TooManyDecimals => "the currency has fewer decimals than that",
            Self::TooLarge => "the amount is too large",
            Self::Currency => "a currency is three capital letters (ISO 4217)",
        })
    }
}

impl std::error::Error for MoneyError {}

/// Decimals of a currency's minor unit (ISO 4217, exponents other than 2).
#[must_use]
pub fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

impl Money {
    /// An amount in minor units.
    #[must_use]
    pub fn new(minor: i64, currency: impl Into<String>) -> Self {
        Self {
            minor,
            currency: currency.into(),
        }
    }

    /// Reads an amount in major units, exactly: `12.5` of USD is 1250 minor units.
    ///
    /// # Errors
    /// [`MoneyError`] when it is negative, too fine, too large or of no currency.
    pub fn from_major_json(number: &Number, currency: &str) -> Result<Self, MoneyError> {
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(MoneyError::Currency);
        }
        let value = number.as_f64().ok_or(MoneyError::TooLarge)?;
        if value < 0.0 {
            return Err(MoneyError::Negative);
        }
        let scale = decimals(currency);
        #[expect(clippy::cast_precision_loss, reason = "the bound is far below 2^53")]
        if value * 10_f64.powi(scale.cast_signed()) > MINOR_MAX as f64 {
            return Err(MoneyError::TooLarge);
        }
        // The shortest decimal that reads back as this number is what the client wrote.
        let text = format!("{value}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        if fraction.len() > scale as usize {
            return Err(MoneyError::TooManyDecimals);
        }
        let digits = format!("{whole}{fraction:0<width$}", width = scale as usize);
        let minor = digits.parse().map_err(|_| MoneyError::TooLarge)?;
        Ok(Self::new(minor, currency))
    }

    /// The amount in major units, as a JSON number.
    #[must_use]
    pub fn to_major_json(&self) -> Number {
        let scale = 10_i64.pow(decimals(&self.currency));
        if self.minor % scale == 0 {
            return Number::from(self.minor / scale);
        }
        #[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
        Number::from_f64(self.minor as f64 / scale as f64).unwrap_or_else(|| Number::from(0))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn read(json: &str, currency: &str) -> Result<i64, MoneyError> {
        Money::from_major_json(&serde_json::from_str(json).unwrap(), currency)
            .map(|money| money.minor)
    }

    #[test]
    fn amounts_are_exact() {
        assert_eq!(read("12.5", "USD"), Ok(1250));
        assert_eq!(read("0.1", "USD"), Ok(10));
        assert_eq!(read("1299", "USD"), Ok(129_900));
        assert_eq!(read("4.35", "USD"), Ok(435));
        assert_eq!(read("500", "JPY"), Ok(500));
        assert_eq!(read("1.234", "KWD"), Ok(1234));
        assert_eq!(read("0", "EUR"), Ok(0));
    }

    #[test]
    fn absurd_amounts_are_refused() {
        assert_eq!(read("-0.01", "USD"), Err(MoneyError::Negative));
        assert_eq!(read("0.001", "USD"), Err(MoneyError::TooManyDecimals));
        assert_eq!(read("1.5", "JPY"), Err(MoneyError::TooManyDecimals));
        assert_eq!(read("1e300", "USD"), Err(MoneyError::TooLarge));
        assert_eq!(read("10000000001", "USD"), Err(MoneyError::TooLarge));
        assert_eq!(read("1", "usd"), Err(MoneyError::Currency));
        assert_eq!(read("1e-7", "USD"), Err(MoneyError::TooManyDecimals));
    }

    #[test]
    fn amounts_print_in_major_units_and_read_back() {
        for (minor, currency, text) in [
            (1250, "USD", "12.5"),
            (129_900, "USD", "1299"),
            (500, "JPY", "500"),
            (1234, "KWD", "1.234"),
        ] {
            let number = Money::new(minor, currency).to_major_json();
            assert_eq!(number.to_string(), text);
            assert_eq!(
                Money::from_major_json(&number, currency).unwrap().minor,
                minor
            );
        }
    }
}
