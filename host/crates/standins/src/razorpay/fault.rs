//! Refusals, as Razorpay words them.

use serde_json::{Value, json};

use crate::call::Reply;

/// A refusal.
#[derive(Debug)]
pub struct Fault {
    pub status: u16,
    code: &'static str,
    pub description: String,
    field: Option<&'static str>,
}

impl Fault {
    /// The request makes no sense, or comes at a bad time.
    pub fn bad(description: impl Into<String>) -> Self {
        Self::new(400, "BAD_REQUEST_ERROR", description)
    }

    pub fn new(status: u16, code: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            code,
            description: description.into(),
            field: None,
        }
    }

    /// There is no such object.
    pub fn missing() -> Self {
        Self::bad("The id provided does not exist")
    }

    pub fn of(self, field: &'static str) -> Self {
        Self {
            field: Some(field),
            ..self
        }
    }

    pub fn reply(&self) -> Reply {
        let mut error = json!({
            "code": self.code, "description": self.description, "source": "business", "step": "payment_initiation",
            "reason": "input_validation_failed", "metadata": {},
        });
        if let Some(field) = self.field {
            error["field"] = Value::from(field);
        }
        Reply::new(self.status, json!({ "error": error }))
    }
}
