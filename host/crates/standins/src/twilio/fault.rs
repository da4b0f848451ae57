//! Refusals, as Twilio words them.

use serde_json::json;

use crate::call::Reply;

/// A refusal.
#[derive(Debug)]
pub struct Fault {
    status: u16,
    code: u32,
    message: String,
}

impl Fault {
    /// The message can't be sent.
    pub fn bad(code: u32, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            code,
            message,
        }
    }

    pub fn reply(&self) -> Reply {
        let more_info = format!("https://www.twilio.com/docs/errors/{}", self.code);
        let body = json!({
            "code": self.code, "message": self.message, "more_info": more_info, "status": self.status,
        });
        Reply::new(self.status, body)
    }
}
