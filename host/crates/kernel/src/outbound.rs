//! The port of requests to services elsewhere, and the rules of what a plugin may ask of them.

use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;

use crate::secret::Secret;

/// Bytes of a path with its query.
pub const PATH_BYTES_MAX: usize = 4 << 10;

/// Headers of a request.
pub const HEADERS_MAX: usize = 32;

/// Bytes of a header of a request.
pub const HEADER_BYTES_MAX: usize = 4 << 10;

/// Headers of an answer that are told.
pub const ANSWER_HEADERS_MAX: usize = 64;

/// Bytes of a body in either direction: a document, not a file.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Bytes of what makes a request different from others of its run.
pub const PURPOSE_BYTES_MAX: usize = 128;

/// Requests that one run may send: enough for a payment with everything around it, too few for a flood.
pub const REQUESTS_PER_RUN_MAX: u32 = 16;

/// Where the operator says that a service is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// `https://host[:port][/base]`, or `http://…`.
    pub url: String,
    /// Whether it may be on this machine or in a private network.
    #[serde(default)]
    pub allow_private: bool,
}

impl Destination {
    /// Checks what types alone do not say.
    ///
    /// # Errors
    /// Says what is wrong with the address, without quoting it.
    pub fn check(&self) -> Result<(), &'static str> {
        let url = &self.url;
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        let is_plain = |rest: &str| {
            !rest.is_empty()
                && !rest.starts_with(['/', ':'])
                && rest.bytes().all(|byte| byte.is_ascii_graphic())
                && !rest.contains(['?', '#', '@', '\\'])
        };
        match rest.is_some_and(is_plain) {
            true => Ok(()),
            false => Err("the url is not https://host[:port][/base] or http://…"),
        }
    }
}

/// A request that has been judged and is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundRequest {
    /// The method's token.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The value of `Authorization`.
    pub authorization: Option<Secret>,
    /// The body.
    pub body: Bytes,
    /// Milliseconds until an answer that has not ended counts as none.
    pub timeout_ms: u32,
    /// Whether the address may be on this machine or in a private network.
    pub allow_private: bool,
}

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundAnswer {
    /// 100 to 599.
    pub status: u16,
    /// In lower case, at most [`ANSWER_HEADERS_MAX`].
    pub headers: Vec<(String, String)>,
    /// At most [`BODY_BYTES_MAX`].
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The request is malformed; nothing was sent.
    #[error("{0}")]
    Invalid(String),
    /// Nothing was sent: nobody is there, or plugins may not reach who is.
    #[error("{0}")]
    Unreachable(String),
    /// It was sent, and no answer came, or not all of it.
    #[error("{0}")]
    Unknown(String),
    /// The answer is too large.
    #[error("{0}")]
    Limit(String),
}

/// Sends requests.
#[async_trait]
pub trait Outbound: Send + Sync + 'static {
    /// Sends once and waits for the whole answer. Redirects are answers like any other.
    ///
    /// # Errors
    /// Every [`OutboundError`].
    async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError>;
}

/// The address of a path below a service's base. The path can't lead anywhere else.
///
/// # Errors
/// Says what is wrong with the path.
pub fn join(base: &str, path: &str) -> Result<String, &'static str> {
    if !path.starts_with('/') || path.len() > PATH_BYTES_MAX {
        return Err("a path begins with / and has at most 4 KiB");
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) || path.contains(['\\', '#']) {
        return Err("a path is of printable ASCII without \\ and #; percent-encode the rest");
    }
    let plain = path.split('?').next().unwrap_or_default();
    if plain.contains("//") || plain.split('/').any(is_dots) {
        return Err("a path has no empty segments and none of dots");
    }
    Ok(format!("{}{path}", base.trim_end_matches('/')))
}

/// Whether a segment is or hides `.` or `..` in any spelling that a service could read as one.
fn is_dots(segment: &str) -> bool {
    let mut plain = segment.to_ascii_lowercase().replace("%2e", ".");
    for separator in ["%2f", "%5c"] {
        plain = plain.replace(separator, "/");
    }
    plain.split('/').any(|part| {
        let first = part.split(['%', ';']).next().unwrap_or_default();
        first == "." || first == ".."
    })
}

/// Headers that are the host's own, or of one connection only (RFC 9110 §7.6.1).
const HEADERS_REFUSED: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Whether a plugin may send this header; `reserved` is the service's header for idempotency keys.
#[must_use]
pub fn is_header(name: &str, value: &str, reserved: Option<&str>) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let is_refused = HEADERS_REFUSED
        .iter()
        .copied()
        .chain(reserved)
        .any(|refused| name.eq_ignore_ascii_case(refused));
    !name.is_empty()
        && !is_refused
        && name.len() + value.len() <= HEADER_BYTES_MAX
        && name.bytes().all(token)
        && value
            .bytes()
            .all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_its_base() {
        let joined = |path| join("https://api.example/base/", path);
        for path in [
            "/v1/things",
            "/v1/things?a=..&b=//x",
            "/v1/a.b/..c",
            "/%7Euser",
            "/things/a%2Fb",
        ] {
            assert_eq!(joined(path), Ok(format!("https://api.example/base{path}")));
        }
        for path in [
            "",
            "v1",
            "//evil.example/x",
            "/v1//x",
            "/../x",
            "/v1/..",
            "/v1/%2e%2e/x",
            "/v1/.%2E/x",
            "/v1/..;/x",
            "/v1/..%2fx",
            "/v1/x%2F..%2f..%2fadmin",
            "/v1/x%5c..%5cadmin",
            "/v1/./x",
            "/v1\\x",
            "/v1#x",
            "/a b",
            "/ä",
            "/a\r\nHost: evil",
            "https://evil.example/",
            "@evil.example/",
        ] {
            assert!(joined(path).is_err(), "{path:?}");
        }
        assert!(joined(&format!("/{}", "x".repeat(PATH_BYTES_MAX))).is_err());
    }

    #[test]
    fn an_operators_address_names_a_host_and_a_base_alone() {
        let check = |url: &str| {
            let destination = Destination {
                url: url.into(),
                allow_private: false,
            };
            destination.check()
        };
        for url in [
            "https://api.example",
            "http://127.0.0.1:12111",
            "http://[::1]:8080/base/",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
        for url in [
            "",
            "https://",
            "https:///x",
            "ftp://api.example",
            "api.example",
            "https://user:pass@api.example",
            "https://api.example?x",
            "https://api.example#x",
            "https://api.example/a b",
            "https://api.example\\x",
        ] {
            assert!(check(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_hosts_own_headers_are_refused() {
        assert!(is_header("Content-Type", "application/json", None));
        assert!(is_header(
            "stripe-version",
            "2026-01-01",
            Some("Idempotency-Key")
        ));
        for (name, value) in [
            ("Host", "evil.example"),
            ("AUTHORIZATION", "Bearer x"),
            ("cookie", "a=b"),
            ("Transfer-Encoding", "chunked"),
            ("idempotency-key", "mine"),
            ("x", "a\r\nb: c"),
            ("x y", "a"),
            ("", "a"),
            ("x", "ä"),
        ] {
            assert!(
                !is_header(name, value, Some("Idempotency-Key")),
                "{name}: {value}"
            );
        }
    }
}
