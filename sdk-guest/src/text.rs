//! Texts that plugins make of what they have.

use std::fmt::Write as _;

/// The first `chars_max` characters of a text; all of it if it has no more.
#[must_use]
pub fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

/// Bytes as lower-case hexadecimal digits, two for each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_cut_and_not_bytes() {
        assert_eq!(cut("häuser", 2), "hä");
        assert_eq!(cut("häuser", 9), "häuser");
    }

    #[test]
    fn each_byte_has_two_digits() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(hex(&[]), "");
    }
}
