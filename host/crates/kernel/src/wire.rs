//! Between a request's bytes and the types of a service's handlers.

use crate::call::{Request, Response, Source};
use crate::error::Problem;
use crate::identity::Account;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The body as a handler's type.
///
/// # Errors
/// 400 naming the member at fault; the value itself is never repeated, it may be a password.
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(&request.body);
    let read = serde_path_to_error::deserialize(&mut reader);
    let value = read.map_err(|error| {
        let field = error.path().to_string();
        let detail = match error.inner().classify() {
            serde_json::error::Category::Data => "This member is not what it should be.",
            _ => "The body is not well-formed JSON.",
        };
        match field.as_str() {
            "." => Problem::new(400, "invalid-request", missing_or(error.inner(), detail)),
            _ => Problem::invalid(field, missing_or(error.inner(), detail)),
        }
    })?;
    reader
        .end()
        .map_err(|_| Problem::new(400, "invalid-request", "Something follows the JSON value."))?;
    Ok(value)
}

/// Serde says which member is missing or unknown; those words repeat names, not values.
fn missing_or(error: &serde_json::Error, detail: &str) -> String {
    let text = error.to_string();
    let tells = ["missing field", "unknown field"]
        .iter()
        .any(|start| text.starts_with(start));
    match text.split_once(" at line ") {
        Some((told, _)) if tells => format!("{told}."),
        _ => detail.to_owned(),
    }
}

/// An answer in JSON.
///
/// # Errors
/// 500 when the value can't be written.
pub fn json<T: Serialize>(status: u16, value: &T) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Response {
        status,
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("cache-control".into(), "no-store".into()),
        ],
        body: Bytes::from(body),
        source: Source::Handler,
    })
}

/// 204.
#[must_use]
pub fn nothing() -> Response {
    Response {
        status: 204,
        headers: Vec::new(),
        body: Bytes::new(),
        source: Source::Handler,
    }
}

/// Who calls, on routes that admit only signed-in accounts.
///
/// # Errors
/// 401 when nobody is signed in.
pub fn caller(request: &Request) -> Result<&Account, Problem> {
    let account = request.principal.account.as_ref();
    account.ok_or_else(Problem::unauthenticated)
}

/// A path parameter.
///
/// # Errors
/// 404 when the route has none of that name.
pub fn param<'r>(request: &'r Request, name: &str) -> Result<&'r str, Problem> {
    let found = request.params.iter().find(|(known, _)| known == name);
    found
        .map(|(_, value)| value.as_str())
        .ok_or_else(Problem::not_found)
}
