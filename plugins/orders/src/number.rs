//! Numbers of orders, for people: `ORD-20260131-8F3K2M`.

use stoa_guest::prelude::*;

/// Digits without those that are mistaken for others on paper (Crockford's base 32).
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Digits of the part that is drawn: a thousand million numbers a day.
const DRAWN: usize = 6;

const PREFIX: &str = "ORD-";

/// A number for an order of today. Another one may have it: whoever keeps it has to look.
pub fn draw() -> String {
    let time = clock::rfc3339(clock::now_ms());
    let date = time.chars().take_while(|c| *c != 'T').filter(|c| *c != '-');
    let drawn = random::bytes(DRAWN as u32);
    let digits = drawn
        .iter()
        .filter_map(|byte| DIGITS.get(usize::from(byte % 32)))
        .map(|digit| char::from(*digit));
    PREFIX
        .chars()
        .chain(date)
        .chain(['-'])
        .chain(digits)
        .collect()
}

/// Whether a text may be a number rather than an id.
pub fn is_number(text: &str) -> bool {
    text.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoa_guest::testing::Host;

    #[test]
    fn a_number_has_the_day_and_six_digits_that_nobody_misreads() {
        let _host = Host::new();
        let (one, other) = (draw(), draw());
        assert_ne!(one, other);
        let drawn = one.strip_prefix("ORD-20260101-").unwrap_or_default();
        assert_eq!(drawn.len(), DRAWN, "{one}");
        assert!(drawn.bytes().all(|digit| DIGITS.contains(&digit)), "{one}");
        assert!(is_number(&one) && !is_number("01JABC"));
    }
}
