//! Which other sites' pages may call: an exact list, credentials included, nothing reflected.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::config::EdgeConfig;
use crate::content::Content;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, if-none-match, if-range, range, x-filename, x-request-id, \
     x-session-id, x-tenant",
);
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "accept-ranges, cache-status, content-disposition, content-range, etag, idempotent-replayed, location, \
     ratelimit, ratelimit-policy, retry-after, x-request-id, x-session-id",
);

/// Origins that are none, even if somebody lists them: `null` is that of every sandboxed page.
const NOBODY: [&str; 2] = ["null", "*"];

/// Seconds that a browser may remember a preflight: short enough that a changed list is felt soon.
const PREFLIGHT_S: u32 = 600;

/// Whether a browser asks on behalf of a page before it sends the page's request.
pub(crate) fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether pages of this origin may call.
pub(crate) fn is_listed(origin: &HeaderValue, config: &EdgeConfig) -> bool {
    let mut listed = config.cors_origins.iter();
    listed.any(|known| origin == known.as_str()) && !NOBODY.iter().any(|nobody| origin == nobody)
}

/// The answer to it; [`allow`] adds the rest if the origin is on the list.
pub(crate) fn preflight() -> Response<Content> {
    let mut response = Response::new(Content::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Lets the page read the answer if its origin is on the list.
pub(crate) fn allow(head: &Parts, config: &EdgeConfig, answer: &mut HeaderMap) {
    if config.cors_origins.is_empty() {
        return;
    }
    answer.append(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = head.headers.get(ORIGIN) else {
        return;
    };
    if !is_listed(origin, config) {
        return;
    }
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    answer.insert(
        ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    if is_preflight(head) {
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        answer.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_S.into());
    } else {
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
}
