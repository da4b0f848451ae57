//! The one place where a problem becomes `application/problem+json` (RFC 9457).

use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use stoa_kernel::error::Problem;

use crate::auth::INVALID_TOKEN;
use crate::content::Content;
use crate::trail::Trail;

/// The content type of every problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Where the problems' types are described; a problem's code is the last segment.
const TYPE_BASE: &str = "https://stoa.dev/problems/";

/// Bytes of a code, as the plugin contract promises.
const CODE_BYTES_MAX: usize = 64;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(flatten)]
    members: Option<&'a Map<String, Value>>,
}

/// The answer that tells a problem. What only the operator may read goes to the trail.
pub(crate) fn response(problem: Problem, trail: &mut Trail) -> Response<Content> {
    let status = error_status(problem.status);
    let document = document(&problem, status, &trail.id);
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let mut response = Response::new(Content::from(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    let range = problem.more.as_ref().and_then(|more| more.range_bytes);
    let range = range.map(|bytes| format!("bytes */{bytes}"));
    if let Some(Ok(range)) = range.map(HeaderValue::try_from) {
        headers.insert(CONTENT_RANGE, range);
    }
    if status == StatusCode::UNAUTHORIZED {
        let again = problem.code == INVALID_TOKEN;
        let challenge = if again {
            "Bearer error=\"invalid_token\""
        } else {
            "Bearer"
        };
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    trail.reason = Some(reason(problem));
    response
}

/// The same as part of a message, under the id of what failed. What only the operator may read goes to the log.
pub(crate) fn message(problem: Problem, id: &str) -> Value {
    let status = error_status(problem.status);
    let document = serde_json::to_value(document(&problem, status, id)).unwrap_or_default();
    let reason = reason(problem);
    if status.is_server_error() {
        tracing::warn!(request_id = id, reason, "message failed");
    } else {
        tracing::debug!(request_id = id, reason, "message refused");
    }
    document
}

fn document<'a>(problem: &'a Problem, status: StatusCode, id: &str) -> Document<'a> {
    let code = if is_code(&problem.code) {
        &problem.code
    } else {
        "error"
    };
    let (detail, field, members) = if status.is_server_error() {
        (public_detail(status), None, None)
    } else {
        let members = problem.more.as_ref().map(|more| &more.members);
        (problem.detail.as_str(), problem.field.as_deref(), members)
    };
    Document {
        kind: format!("{TYPE_BASE}{code}"),
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail,
        instance: format!("urn:stoa:request:{id}"),
        field,
        members,
    }
}

/// What a client learns of a failure on our side.
fn public_detail(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_GATEWAY => "The plugin behind this path failed.",
        StatusCode::SERVICE_UNAVAILABLE => "The service can't answer right now.",
        StatusCode::GATEWAY_TIMEOUT => "The answer took too long.",
        _ => "Something went wrong on our side.",
    }
}

/// A status that tells an error; any other number is a mistake of ours.
fn error_status(status: u16) -> StatusCode {
    match StatusCode::from_u16(status) {
        Ok(status) if status.is_client_error() || status.is_server_error() => status,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn is_code(code: &str) -> bool {
    (1..=CODE_BYTES_MAX).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn reason(problem: Problem) -> String {
    match problem.internal {
        Some(internal) => format!("{}: {} ({internal})", problem.code, problem.detail),
        None => format!("{}: {}", problem.code, problem.detail),
    }
}

/// A problem of one of the host's own handlers. It travels as an extension, so that [`response`] can tell it
/// once the request's id is at hand.
pub(crate) struct Failure(Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        let mut response = error_status(self.0.status).into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}
