//! Whose pages may open a connection: browsers let every page try, and tell where it is from.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use stoa_kernel::error::Problem;

use crate::config::EdgeConfig;
use crate::cors;

/// Refuses pages of sites that are neither this one nor on the list. What is no browser sends no origin.
pub(crate) fn check(head: &Parts, config: &EdgeConfig) -> Result<(), Problem> {
    let Some(origin) = head.headers.get(ORIGIN) else {
        return Ok(());
    };
    let own = origin.to_str().ok().and_then(authority);
    if own.is_some_and(|own| Some(own) == host(head, &head.headers))
        || cors::is_listed(origin, config)
    {
        return Ok(());
    }
    let detail = "Pages of this origin may not open connections here.";
    Err(Problem::new(403, "foreign-origin", detail))
}

/// `shop.example:8080` of `https://shop.example:8080`. Where TLS ends before the host, the schemes differ.
fn authority(origin: &str) -> Option<&str> {
    let (_, authority) = origin.split_once("://")?;
    Some(authority)
}

fn host<'a>(head: &'a Parts, headers: &'a HeaderMap) -> Option<&'a str> {
    match head.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(HOST)?.to_str().ok(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn is_admitted(host: &str, origin: Option<&str>) -> bool {
        let mut request = http::Request::builder().header(HOST, host);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let config = EdgeConfig {
            cors_origins: vec!["https://app.example".into(), "null".into()],
            ..EdgeConfig::default()
        };
        check(&head, &config).is_ok()
    }

    #[test]
    fn own_and_listed_pages_come_in() {
        for (host, origin, expected) in [
            ("shop.example", None, true),
            ("shop.example", Some("https://shop.example"), true),
            ("shop.example:81", Some("http://shop.example:81"), true),
            ("shop.example", Some("https://app.example"), true),
            ("shop.example", Some("https://shop.example:81"), false),
            ("shop.example", Some("https://app.example.evil"), false),
            ("shop.example", Some("https://evil.example"), false),
            ("shop.example", Some("null"), false),
            ("shop.example", Some("shop.example"), false),
        ] {
            assert_eq!(is_admitted(host, origin), expected, "{origin:?}");
        }
    }
}
