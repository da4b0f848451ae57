//! Requests to services elsewhere, by the names under `[outbound]` in the manifest.
//!
//! Where a service is and its credentials are the host's business. A request that runs again after a conflict is
//! told the same answers, and nothing is sent twice.

mod reply;

pub use crate::bindings::stoa::http::outbound::{Error, Method};
pub use reply::{Refusal, Reply, Trouble, id, sentence};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::stoa::http::outbound as wire;
use crate::{Problem, Result};

/// A request being put together.
#[derive(Debug, Clone)]
#[must_use]
pub struct Outgoing {
    request: wire::Request,
    /// Why the body can't be told, if it can't.
    fault: Option<String>,
}

/// What the service answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 100 to 599.
    pub status: u16,
    /// In lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A request to a path of a service, such as `outbound::request("stripe", Method::Get, "/v1/balance")`.
pub fn request(service: &str, method: Method, path: &str) -> Outgoing {
    let request = wire::Request {
        service: service.into(),
        method,
        path: path.into(),
        headers: Vec::new(),
        body: Vec::new(),
        purpose: String::new(),
    };
    Outgoing {
        request,
        fault: None,
    }
}

impl Outgoing {
    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    /// With a body as it is.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request.body = body.into();
        self.fault = None;
        self
    }

    /// With a JSON body. With a value that is no JSON, such as a map with keys that are no texts, nothing is sent: it fails
    /// with [`Error::Invalid`].
    pub fn json<T: Serialize>(mut self, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => self = self.body(body),
            Err(error) => self.fault = Some(format!("the body is no JSON: {error}")),
        }
        self.header("content-type", "application/json")
    }

    /// With fields, form-encoded.
    pub fn form<'a>(self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        self.body(encoded.extend_pairs(fields).finish())
            .header("content-type", "application/x-www-form-urlencoded")
    }

    /// What it is for, such as `refund-1`: makes the idempotency key that the host adds differ from those of
    /// other requests of the same run, and equal whenever the run is repeated.
    pub fn purpose(mut self, purpose: &str) -> Self {
        self.request.purpose = purpose.into();
        self
    }

    /// Sends it to a service that answers in JSON, and tells apart what was done, what was not, and what is not known.
    ///
    /// # Errors
    /// Every [`Trouble`].
    pub fn ask<T: DeserializeOwned>(self) -> Reply<T> {
        reply::ask(self)
    }

    /// Sends it and waits.
    ///
    /// # Errors
    /// Every [`Error`]. After [`Error::Unknown`] the service may or may not have acted.
    pub fn send(self) -> Result<Answer, Error> {
        if let Some(fault) = self.fault {
            return Err(Error::Invalid(fault));
        }
        let answer = crate::host::outbound::send(&self.request)?;
        Ok(Answer {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
        })
    }
}

impl Answer {
    /// Whether the status is 200 to 299.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status <= 299
    }

    /// A header by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(known, _)| known == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 502 when it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Problem::new(502, "bad-gateway", format!("An unexpected answer: {error}"))
        })
    }
}

impl From<Error> for Problem {
    /// 502 when the service can't be reached or did not answer; 500 when the request should not have been made.
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable(reason) | Error::Unknown(reason) => {
                Self::new(502, "bad-gateway", reason)
            }
            Error::Denied(reason) | Error::Invalid(reason) | Error::Limit(reason) => {
                Self::internal(format!("outbound: {reason}"))
            }
        }
    }
}
