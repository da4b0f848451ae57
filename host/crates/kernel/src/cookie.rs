//! Cookies (RFC 6265), as far as the host reads and sets any.

/// The value of the first cookie of this name in the `Cookie` lines of a request.
pub fn find<'r>(lines: impl IntoIterator<Item = &'r str>, name: &str) -> Option<&'r str> {
    let mut pairs = lines
        .into_iter()
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// What a `Set-Cookie` line ends with: over https, that the cookie never goes anywhere else.
#[must_use]
pub const fn secure_suffix(secure: bool) -> &'static str {
    if secure { "; Secure" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_cookie_is_found_by_its_whole_name_in_any_line() {
        let lines = ["a=1; ab=2", "broken;c= x=y ;a=3"];
        let value = |name| find(lines, name);
        assert_eq!(value("a"), Some("1"), "the first one counts");
        assert_eq!(value("ab"), Some("2"));
        assert_eq!(value("c"), Some(" x=y"));
        assert_eq!(
            (value("broken"), value("b"), value("A")),
            (None, None, None)
        );
    }
}
