//! The error that leaves the host: what a client is told, apart from what an operator reads.
//!
//! Every crate has typed errors of its own; each becomes a [`Problem`] by one `From`, and `web` alone turns
//! problems into `application/problem+json`.

use std::borrow::Cow;
use std::num::NonZeroU64;

use serde_json::{Map, Value};

/// An RFC 9457 problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {detail}")]
pub struct Problem {
    /// 400 to 599.
    pub status: u16,
    /// Stable kebab-case word; the last segment of the problem's `type`.
    pub code: Cow<'static, str>,
    /// One sentence for the client. Of a 5xx the client sees a fixed sentence instead.
    pub detail: String,
    /// The member of the request at fault.
    pub field: Option<String>,
    /// Seconds after which a repetition makes sense (`Retry-After`).
    pub retry_after_s: Option<u32>,
    /// What only few problems say.
    pub more: Option<Box<More>>,
    /// What the operator should know and the client must not: goes to the log only.
    pub internal: Option<String>,
}

/// What only few problems say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct More {
    /// Of a 416: how many bytes there are (`Content-Range`).
    pub range_bytes: Option<NonZeroU64>,
    /// Further members of the problem's object (RFC 9457, section 3.2). Of a 5xx the client sees none.
    pub members: Map<String, Value>,
}

impl Problem {
    /// A problem with a status, a word and a sentence.
    #[must_use]
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            field: None,
            retry_after_s: None,
            more: None,
            internal: None,
        }
    }

    /// 404 with the same words for what is missing and what is somebody else's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(404, "not-found", "There is nothing here.")
    }

    /// 401: who calls is unknown.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(401, "unauthenticated", "Sign in and send a bearer token.")
    }

    /// 403: the caller is known and may not.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(403, "forbidden", "This is not for your role.")
    }

    /// 400 about one member of the request.
    #[must_use]
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(400, "invalid-request", detail)
        }
    }

    /// 500 whose reason only the operator reads.
    #[must_use]
    pub fn internal(reason: impl Into<String>) -> Self {
        Self {
            internal: Some(reason.into()),
            ..Self::new(500, "internal", "Something went wrong on our side.")
        }
    }

    /// 503 whose reason only the operator reads; worth repeating after a while.
    #[must_use]
    pub fn unavailable(retry_after_s: u32, reason: impl Into<String>) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            internal: Some(reason.into()),
            ..Self::new(503, "unavailable", "The service can't answer right now.")
        }
    }

    /// Adds a member to what the client is told.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        let more = self.more.get_or_insert_default();
        more.members.insert(name.to_owned(), value);
        self
    }

    /// Adds what only the operator reads.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.internal = Some(reason.into());
        self
    }
}
