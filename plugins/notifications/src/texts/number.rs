//! Telephone numbers as the world writes them.

use std::fmt;

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// Digits of a number at least: the shortest ones in use, with their country's, have seven.
const DIGITS_MIN: usize = 7;
/// Digits at most (ITU-T E.164, section 6).
const DIGITS_MAX: usize = 15;
/// Digits that `Debug` shows.
const SHOWN: usize = 2;

/// A number in E.164, such as `+15005550006`. `Debug` hides all but its end, so that no line of a log tells it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(String);

impl Number {
    /// The number that a member of a request holds.
    ///
    /// # Errors
    /// 400 that names `field`, and does not repeat what stands there.
    pub fn read(field: &str, text: &str) -> Result<Self> {
        let text = text.trim();
        let digits = text.strip_prefix('+').unwrap_or_default();
        let is_one = (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if !is_one {
            let detail = format!(
                "{field} is a number in E.164: + and {DIGITS_MIN} to {DIGITS_MAX} digits, the country's first."
            );
            return Err(Problem::invalid(field, detail));
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = self.0.len().saturating_sub(SHOWN);
        write!(f, "+…{}", self.0.get(hidden..).unwrap_or_default())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_country_and_digits_alone() {
        for good in [
            "+15005550006",
            " +4915112345678 ",
            "+6831234",
            "+123456789012345",
        ] {
            assert_eq!(Number::read("phone", good).unwrap().as_str(), good.trim());
        }
        for bad in [
            "",
            "+",
            "15005550006",
            "0015005550006",
            "+0151123456",
            "+1 500 555 0006",
            "+1-500-555-0006",
            "+123456",
            "+1234567890123456",
            "+١٥٠٠٥٥٥٠٠٠٦",
            "+1500555000x",
            "whatsapp:+15005550006",
            "+15005550006\n+15005550007",
        ] {
            let problem = Number::read("phone", bad).unwrap_err();
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some("phone")),
                "{bad}"
            );
            assert!(bad.len() < 2 || !problem.detail.contains(bad), "{problem}");
        }
    }

    #[test]
    fn a_log_shows_no_more_than_its_end() {
        let number = Number::read("phone", "+15005550006").unwrap();
        assert_eq!(format!("{number:?}"), "+…06");
    }
}
