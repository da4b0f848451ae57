//! Which headers pass between a client and a plugin.

use http::header;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::tenant;

/// Those of the request that a guest may see: not what proves who calls, not what concerns the connection.
pub(crate) fn for_guest(headers: &HeaderMap) -> Vec<(String, String)> {
    seen(headers, |name| {
        !is_secret(name) && !is_hop(name) && !is_origin(name)
    })
}

/// Those of the request that a part of the host may see: cookies, too.
pub(crate) fn for_service(headers: &HeaderMap) -> Vec<(String, String)> {
    seen(headers, |name| {
        *name != header::AUTHORIZATION && !is_hop(name) && !is_origin(name)
    })
}

fn seen(headers: &HeaderMap, may_see: impl Fn(&HeaderName) -> bool) -> Vec<(String, String)> {
    let seen = headers.iter().filter(|(name, _)| may_see(name));
    seen.map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    })
    .collect()
}

/// Adds a plugin's headers to an answer, but for those that are the host's to set.
pub(crate) fn from_guest(answer: &mut HeaderMap, headers: Vec<(String, String)>) {
    add(answer, headers, |name| !is_hop(name) && !is_hosts(name));
}

/// Adds a service's headers to an answer.
pub(crate) fn from_service(answer: &mut HeaderMap, headers: Vec<(String, String)>) {
    add(answer, headers, |name| !is_hop(name));
}

fn add(
    answer: &mut HeaderMap,
    headers: Vec<(String, String)>,
    may_set: impl Fn(&HeaderName) -> bool,
) {
    for (name, value) in headers {
        let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value),
        ) else {
            tracing::warn!(
                header = name,
                "a header of an answer is malformed and was left out"
            );
            continue;
        };
        if may_set(&name) {
            answer.append(name, value);
        }
    }
}

fn is_secret(name: &HeaderName) -> bool {
    *name == header::AUTHORIZATION || *name == header::COOKIE || *name == tenant::HEADER
}

/// What proxies, or those who play one, say of where a request comes from. The host judges it; what is left of it
/// is the request's address.
fn is_origin(name: &HeaderName) -> bool {
    *name == header::FORWARDED
        || name.as_str() == "x-real-ip"
        || name.as_str().starts_with("x-forwarded-")
}

/// Headers that concern one connection (RFC 9110, 7.6.1), and how long the message on it is.
fn is_hop(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::CONNECTION
            | header::TRANSFER_ENCODING
            | header::CONTENT_LENGTH
            | header::UPGRADE
            | header::TE
            | header::TRAILER
            | header::EXPECT
    ) || name.as_str() == "keep-alive"
        || name.as_str().starts_with("proxy-")
}

/// Answer headers that no plugin sets: with them it could take over sessions, open the shop to other sites, have browsers
/// report to it what they ask of the shop, or have a proxy answer with a file of its own.
fn is_hosts(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::SET_COOKIE
            | header::SERVER
            | header::DATE
            | header::STRICT_TRANSPORT_SECURITY
            | header::CONTENT_SECURITY_POLICY
    ) || matches!(
        name.as_str(),
        "x-request-id"
            | "x-session-id"
            | "idempotent-replayed"
            | "cache-status"
            | "clear-site-data"
            | "cross-origin-resource-policy"
            | "service-worker-allowed"
            | "x-powered-by"
            | "ratelimit"
            | "ratelimit-policy"
            | "nel"
            | "report-to"
            | "reporting-endpoints"
            | "alt-svc"
            | "x-sendfile"
    ) || name.as_str().starts_with("access-control-")
        || name.as_str().starts_with("x-accel-")
}
