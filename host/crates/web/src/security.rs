//! Headers that keep browsers from doing with an answer what nobody meant.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::EdgeConfig;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// An API answers data: nothing in it may run, load or be framed.
const API_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
);

/// Two years of https only, from a host that is reached by it. Over http browsers ignore this.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// What every answer carries, whatever a plugin says.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (X_XSS_PROTECTION, HeaderValue::from_static("0")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (
        PERMISSIONS_POLICY,
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"),
    ),
];

/// Sets them. `page_policy` is the content security policy of one of the host's own pages; services bring theirs
/// along, which no plugin can.
pub(crate) fn protect(
    headers: &mut HeaderMap,
    page_policy: Option<HeaderValue>,
    config: &EdgeConfig,
) {
    headers.reserve(ALWAYS.len() + 4);
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    if config.secure_cookies {
        headers.insert(STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
    if let Some(policy) = page_policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(API_POLICY);
    headers
        .entry(RESOURCE_POLICY)
        .or_insert(HeaderValue::from_static("same-origin"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
