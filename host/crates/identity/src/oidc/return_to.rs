//! Where the browser goes after the sign-in: a path of this host and nowhere else.

use openidconnect::url::Url;

use super::error::OidcError;

/// Bytes of the path: it travels in a cookie, and browsers keep 4 KiB of those.
const BYTES_MAX: usize = 1 << 10;

/// A host that nobody has, to see whether a path leaves it.
const NOWHERE: &str = "https://nowhere.invalid";

/// The path, if it is one of this host as browsers read it (`//x`, `/\x` and `/<tab>/x` are not).
pub(super) fn checked(text: &str) -> Result<String, OidcError> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let is_path = text.len() <= BYTES_MAX
        && text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(is_plain);
    let stays = || {
        let base = Url::parse(NOWHERE).ok()?;
        let joined = base.join(text).ok()?;
        Some(joined.origin() == base.origin())
    };
    if is_path && stays() == Some(true) {
        Ok(text.to_owned())
    } else {
        Err(OidcError::ReturnTo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_host_is_kept_as_it_is() {
        for path in ["/", "/account?tab=2#x", "/a//b", "/a%2F%2Fb", "/@x", "/a:b"] {
            assert_eq!(checked(path).as_deref(), Ok(path));
        }
    }

    #[test]
    fn whatever_a_browser_would_follow_elsewhere_is_refused() {
        let long = format!("/{}", "a".repeat(BYTES_MAX));
        for path in [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /x",
            "/a\r\nset-cookie: x=y",
            "/ä",
            "https://evil.example",
            "javascript:alert(1)",
            &long,
        ] {
            assert_eq!(checked(path), Err(OidcError::ReturnTo), "{path:?}");
        }
    }
}
