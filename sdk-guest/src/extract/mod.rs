//! Typed extractors: what a handler takes from a request.

mod caller;
mod json;
mod path;
mod query;
mod shape;

pub use caller::{Caller, Shopper};
pub use json::Json;
pub use path::Path;
pub use query::Query;

use serde_path_to_error::Segment;

use crate::{Problem, Request, Result};

/// Something that a handler takes from a request.
pub trait FromRequest: Sized {
    /// Takes it.
    ///
    /// # Errors
    /// A problem that names the member of the request at fault.
    fn from_request(request: &Request) -> Result<Self>;
}

/// The body as it came.
#[derive(Debug, Clone)]
pub struct Body(pub Vec<u8>);

impl FromRequest for Body {
    fn from_request(request: &Request) -> Result<Self> {
        Ok(Self(request.body.clone()))
    }
}

impl FromRequest for Request {
    fn from_request(request: &Request) -> Result<Self> {
        Ok(request.clone())
    }
}

/// What serde refuses, as a problem that names the member at fault.
fn refused(path: &serde_path_to_error::Path, message: String) -> Problem {
    match field_of(path, &message) {
        field if field.is_empty() => Problem::new(400, "invalid-request", message),
        field => Problem::invalid(field, message),
    }
}

/// The member that serde's error is about, as a dotted path. Serde tells where it was, but for a missing
/// member that is the object which lacks it; its name stands in the message.
fn field_of(path: &serde_path_to_error::Path, message: &str) -> String {
    let mut field = String::new();
    let mut enter = |name: &str| {
        if !field.is_empty() {
            field.push('.');
        }
        field.push_str(name);
    };
    for segment in path {
        match segment {
            Segment::Seq { index } => enter(&index.to_string()),
            Segment::Map { key } => enter(key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let missing = message.strip_prefix("missing field `");
    if let Some((name, _)) = missing.and_then(|rest| rest.split_once('`')) {
        enter(name);
    }
    field
}
