//! The span of a request: what is known of it, and nothing that may be personal or secret.

use http::request::Parts;
use http::{HeaderMap, StatusCode};
use stoa_kernel::trace::{self, SPANS, TraceContext};
use tracing::Span;
use tracing::field::{Empty, display};

use crate::method;
use crate::trail::Trail;

/// Opens it, as a part of the span that the client names, if it does.
pub(crate) fn open(head: &Parts) -> Span {
    tracing::info_span!(
        target: SPANS,
        parent: None,
        "request",
        otel.name = Empty,
        otel.kind = "server",
        otel.status_code = Empty,
        otel.parent = parent(&head.headers).map(tracing::field::display),
        http.request.method = method::label(&head.method),
        http.route = Empty,
        http.response.status_code = Empty,
        error.type = Empty,
        stoa.request.id = Empty,
        stoa.tenant = Empty,
        stoa.plugin = Empty,
        stoa.plugin.version = Empty,
    )
}

/// Of several such headers none counts.
fn parent(headers: &HeaderMap) -> Option<TraceContext> {
    let mut sent = headers.get_all(trace::HEADER).iter();
    let (Some(only), None) = (sent.next(), sent.next()) else {
        return None;
    };
    TraceContext::parse(only.to_str().ok()?)
}

/// Says what has become of it.
pub(crate) fn close(span: &Span, head: &Parts, trail: &Trail, status: StatusCode) {
    if span.is_disabled() {
        return;
    }
    let (method, route) = (method::label(&head.method), trail.pattern.as_str());
    span.record("otel.name", display(format_args!("{method} {route}")));
    span.record("http.route", route);
    span.record("http.response.status_code", status.as_u16());
    span.record("stoa.request.id", &*trail.id);
    if let Some(tenant) = &trail.tenant {
        span.record("stoa.tenant", tenant.as_str());
    }
    if let Some(plugin) = &trail.plugin {
        span.record("stoa.plugin", &**plugin);
    }
    if status.is_server_error() {
        span.record("error.type", status.as_str());
        span.record("otel.status_code", "ERROR");
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use http::HeaderValue;

    use super::*;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn one_header_names_a_parent_and_two_or_nonsense_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(parent(&headers), None);
        headers.append(trace::HEADER, HeaderValue::from_static(SENT));
        assert_eq!(parent(&headers).unwrap().to_string(), SENT);
        headers.append(trace::HEADER, HeaderValue::from_static(SENT));
        assert_eq!(parent(&headers), None);
        headers.insert(trace::HEADER, HeaderValue::from_static("00-what-01"));
        assert_eq!(parent(&headers), None);
        headers.insert(trace::HEADER, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(parent(&headers), None);
    }
}
