//! E-mail addresses.

use stoa_kernel::error::Problem;
use stoa_kernel::mail::is_address;

/// The address in lower case.
pub(super) fn address(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    is_address(text)
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
