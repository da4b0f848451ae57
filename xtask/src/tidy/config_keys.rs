//! Every key of the default configuration says what it is. That keys and structs agree is the host's own test.

/// The file with all keys.
pub const FILE: &str = "config/default.toml";

/// One sentence per key without a comment right above it.
pub fn check(text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let mut section = "";
    let mut is_commented = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if let Some(key) = key(line)
            && !is_commented
        {
            violations.push(format!(
                "{FILE}: {section} {key} has no comment right above it"
            ));
        }
        is_commented = line.starts_with('#');
    }
    violations
}

fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    let is_key = !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    is_key.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_a_comment_is_found() {
        let violations = check(
            "[http]\n# Where.\nlisten = \"x\"\nother = 1\n\n# A comment = no key.\n\nlast = [\n  \"=\",\n]\n",
        );
        assert_eq!(violations.len(), 2, "{violations:?}");
        assert!(
            violations
                .iter()
                .any(|violation| violation.contains("other")),
            "{violations:?}"
        );
    }
}
