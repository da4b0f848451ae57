//! Licence keys: for people to read out and type in.

use stoa_guest::prelude::*;

/// Crockford's digits: nothing in them looks like anything else.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Random digits of a key: 120 bits, which nobody guesses.
const RANDOM_DIGITS: u32 = 24;

/// Digits between two hyphens.
const GROUP: usize = 5;

/// A new key, such as `7Q2M4-…`; the last digit checks the others.
pub fn new() -> String {
    let mut digits: Vec<usize> = random::bytes(RANDOM_DIGITS)
        .into_iter()
        .map(|byte| usize::from(byte) % DIGITS.len())
        .collect();
    digits.push(check(&digits));
    let groups = digits.chunks(GROUP).map(|group| {
        let symbols = group.iter().filter_map(|digit| DIGITS.get(*digit));
        symbols
            .map(|symbol| char::from(*symbol))
            .collect::<String>()
    });
    groups.collect::<Vec<_>>().join("-")
}

/// A weighted sum: finds any single wrong digit and any two neighbours that changed places, as far as their
/// difference is odd or their weights are.
fn check(digits: &[usize]) -> usize {
    let weighted = digits.iter().enumerate();
    let sum: usize = weighted.map(|(place, digit)| (2 * place + 1) * digit).sum();
    sum % DIGITS.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoa_guest::testing::Host;

    /// Whether a key is as `new` makes them.
    fn is_key(text: &str) -> bool {
        let digits: Option<Vec<usize>> = text
            .bytes()
            .filter(|byte| *byte != b'-')
            .map(|byte| DIGITS.iter().position(|digit| *digit == byte))
            .collect();
        digits.is_some_and(|digits| match digits.split_last() {
            Some((last, others)) => digits.len() == 25 && check(others) == *last,
            None => false,
        })
    }

    #[test]
    fn keys_differ_and_a_wrong_digit_shows() {
        let _host = Host::new();
        let (one, other) = (new(), new());
        assert_ne!(one, other);
        assert!(is_key(&one) && is_key(&other), "{one} {other}");
        assert_eq!(one.len(), 29);
        for place in (0..one.len()).filter(|place| one.as_bytes().get(*place) != Some(&b'-')) {
            for digit in DIGITS {
                let mut wrong = one.clone().into_bytes();
                wrong.splice(place..=place, [*digit]);
                let wrong = String::from_utf8(wrong).unwrap_or_default();
                assert_eq!(is_key(&wrong), wrong == one, "{wrong} for {one}");
            }
        }
    }
}
