//! Methods: what a path answers to, and how a method is called in a metric.

use http::header::ALLOW;
use http::{HeaderValue, Method, Response, StatusCode};
use stoa_kernel::error::Problem;

use crate::content::Content;
use crate::problem;
use crate::trail::Trail;

/// The method that routes know: `HEAD` is a `GET` whose body stays here.
pub(crate) fn routed(method: &Method) -> &Method {
    if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    }
}

/// The answer to a method that a path does not have: `OPTIONS` asks which there are, any other is refused.
pub(crate) fn other(
    asked: &Method,
    known: &[&'static str],
    trail: &mut Trail,
) -> Response<Content> {
    let mut allow = known.to_vec();
    if allow.contains(&"GET") {
        allow.push("HEAD");
    }
    allow.push("OPTIONS");
    let mut response = if *asked == Method::OPTIONS {
        let mut response = Response::new(Content::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    } else {
        let detail = "This path does not answer to that method.";
        problem::response(Problem::new(405, "method-not-allowed", detail), trail)
    };
    if let Ok(value) = HeaderValue::try_from(allow.join(", ")) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// The label of a method in metrics; one word for all that clients invent.
pub(crate) fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
