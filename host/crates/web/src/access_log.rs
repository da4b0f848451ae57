//! One line per request: a warning when the host or a plugin failed, else for those who debug.

use std::time::Duration;

use http::StatusCode;
use http::request::Parts;
use stoa_kernel::trace;

use crate::trail::Trail;

/// Writes it. The path's parameters and the query stay out: they may be personal.
pub(crate) fn write(head: &Parts, trail: &Trail, status: StatusCode, took: Duration) {
    let trace_id = trace::current().map(|context| context.trace_id());
    macro_rules! line {
        ($level:ident, $text:literal) => {
            tracing::$level!(
                request_id = trail.id,
                trace_id,
                address = trail.address.map(tracing::field::display),
                tenant = trail.tenant.as_ref().map(|tenant| tenant.as_str()),
                plugin = trail.plugin.as_deref(),
                method = head.method.as_str(),
                route = trail.pattern.as_str(),
                status = status.as_u16(),
                duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                reason = trail.reason.as_deref(),
                $text
            )
        };
    }
    if status.is_server_error() {
        line!(warn, "request failed");
    } else {
        line!(debug, "request");
    }
}
