//! E-mail addresses.

use stoa_kernel::error::Problem;

/// Bytes of an address: what SMTP carries (RFC 5321, 4.5.3.1.3, less the brackets).
const BYTES_MAX: usize = 254;

/// The address in lower case. Whether it is somebody's only a letter shows, so little is asked of its form.
pub(super) fn address(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\"(),;:\\[]".contains(c);
    let possible = text.len() <= BYTES_MAX
        && text.chars().all(plain)
        && text.split_once('@').is_some_and(|(local, domain)| {
            let labels = domain.split('.');
            !local.is_empty()
                && !domain.contains('@')
                && domain.contains('.')
                && labels.into_iter().all(|label| !label.is_empty())
        });
    possible
        .then(|| text.to_lowercase())
        .ok_or_else(|| Problem::invalid("email", "This is no e-mail address."))
}

/// What somebody is called as long as they have told no name: the part before the @.
pub(super) fn local_part(email: &str) -> &str {
    email.split('@').next().unwrap_or(email)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_in_lower_case() {
        assert_eq!(address(" Ada@Example.COM ").unwrap(), "ada@example.com");
        assert_eq!(address("a+b@x.y").unwrap(), "a+b@x.y");
    }

    #[test]
    fn what_no_letter_reaches_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "ada",
            "@x.y",
            "ada@",
            "ada@x",
            "ada@x..y",
            "a@b@c.d",
            "a b@x.y",
            "a\n@x.y",
            "<a@x.y>",
            "a@x.y,b@x.y",
            &long,
        ] {
            assert_eq!(
                address(text).unwrap_err().field.as_deref(),
                Some("email"),
                "{text}"
            );
        }
    }
}
