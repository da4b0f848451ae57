//! Typed extractors: what a handler takes from a request.

mod caller;
mod json;
mod path;
mod query;

pub use caller::{Caller, Shopper};
pub use json::Json;
pub use path::Path;
pub use query::Query;

use crate::{Request, Result};

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

/// The member that serde's error is about: where it stands, and the name that the message quotes.
fn field_of(path: &str, message: &str) -> String {
    let quoted = ["missing field `", "unknown field `"]
        .iter()
        .find_map(|begin| message.split_once(begin)?.1.split_once('`').map(|(name, _)| name));
    let path = path.replace('[', ".").replace(']', "");
    match (path.as_str(), quoted) {
        ("." | "", Some(name)) => name.into(),
        ("." | "", None) => String::new(),
        (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        (path, _) => path.trim_start_matches('.').into(),
    }
}
