//! Refusals, as Stripe words them.

use serde_json::{Map, Value, json};

use crate::call::Reply;

/// A refusal.
#[derive(Debug)]
pub struct Fault {
    pub status: u16,
    kind: &'static str,
    pub message: String,
    /// `code`, `decline_code`, `param`, `payment_intent` …
    more: Map<String, Value>,
}

impl Fault {
    /// The request makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    pub fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            more: Map::new(),
        }
    }

    /// There is no such object.
    pub fn missing(what: &str, id: &str, param: &str) -> Self {
        let fault = Self::new(
            404,
            "invalid_request_error",
            format!("No such {what}: '{id}'"),
        );
        fault.with("code", "resource_missing").with("param", param)
    }

    /// The object is not in a state for that.
    pub fn state(message: impl Into<String>) -> Self {
        Self::invalid(message).with("code", "payment_intent_unexpected_state")
    }

    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Whether the same is answered under the same idempotency key: what was refused before anything was done is
    /// looked at again.
    pub fn is_kept(&self) -> bool {
        self.status == 402
    }

    pub fn reply(&self) -> Reply {
        let mut error = self.more.clone();
        error.insert("type".into(), self.kind.into());
        error.insert("message".into(), self.message.as_str().into());
        Reply::new(self.status, json!({ "error": error }))
    }
}
