//! Names, and the numbers of versions.

/// The numbers of `major.minor.patch`, by which versions are ordered.
#[must_use]
pub fn version_numbers(version: &str) -> Vec<u64> {
    let numbers = version.split('.');
    numbers
        .map(|number| number.parse().unwrap_or_default())
        .collect()
}

/// Whether a text could be a plugin's name.
#[must_use]
pub fn is_plugin_name(text: &str) -> bool {
    is_name(text, 32, b"-")
}

/// A short lower-case name: a letter, then letters, digits and `extra`.
pub(super) fn is_name(text: &str, bytes_max: usize, extra: &[u8]) -> bool {
    text.len() <= bytes_max
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || extra.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(version_numbers("0.10.0") > version_numbers("0.9.9"));
        assert!(version_numbers("1.0.0") > version_numbers("0.10.10"));
        assert_eq!(version_numbers("1.2.3"), [1, 2, 3]);
    }
}
