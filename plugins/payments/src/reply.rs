//! What came of a request to a provider: what is known, and above all what is not.

use serde::de::DeserializeOwned;
use serde_json::Value;
use stoa_guest::outbound::{Error, Outgoing};
use stoa_guest::prelude::*;

/// Bytes of a provider's sentence that are kept.
const SENTENCE_BYTES_MAX: usize = 300;

/// Why there is no good answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The provider did nothing.
    Undone(Problem),
    /// The provider may or may not have done it.
    Unknown(String),
    /// The provider said no.
    Refused(Refusal),
}

/// A provider's no.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// 400 to 499.
    pub status: u16,
    /// The provider's word for it.
    pub code: String,
    /// The provider's sentence.
    pub message: String,
    /// The rest of what it said about it.
    pub error: Value,
}

pub type Reply<T> = std::result::Result<T, Trouble>;

/// Sends a request and reads the answer.
pub fn ask<T: DeserializeOwned>(request: Outgoing) -> Reply<T> {
    let answer = match request.send() {
        Ok(answer) => answer,
        Err(Error::Unreachable(reason)) => return Err(busy(&reason)),
        Err(Error::Unknown(reason)) => return Err(Trouble::Unknown(reason)),
        Err(error @ (Error::Denied(_) | Error::Invalid(_) | Error::Limit(_))) => {
            return Err(Trouble::Undone(error.into()));
        }
    };
    match answer.status {
        200..=299 => answer
            .json()
            .map_err(|problem| Trouble::Unknown(problem.detail)),
        401 | 403 => {
            log::error!(
                "the provider does not take the credentials: {}",
                answer.status
            );
            Err(Trouble::Undone(Problem::new(
                503,
                "not-configured",
                "The provider does not take the shop's credentials.",
            )))
        }
        429 => Err(busy("too many requests")),
        // Another request under the same key is on its way, or the service broke on the way: it may have acted.
        408 | 409 => Err(Trouble::Unknown(format!("status {}", answer.status))),
        400..=499 => Err(Trouble::Refused(refusal(answer.status, answer.json().ok()))),
        status => Err(Trouble::Unknown(format!("status {status}"))),
    }
}

fn busy(reason: &str) -> Trouble {
    log::warn!("the provider can't be reached: {reason}");
    Trouble::Undone(Problem::new(
        503,
        "provider-unavailable",
        "The provider can't be reached; try again.",
    ))
}

/// Both providers say `{"error": {"code": …, …}}`; the sentence is Stripe's `message`, Razorpay's `description`.
fn refusal(status: u16, body: Option<Value>) -> Refusal {
    let error = body.and_then(|mut body| body.get_mut("error").map(Value::take));
    let error = error.unwrap_or_default();
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    let message = text("message").or_else(|| text("description"));
    let message = message.unwrap_or("The provider gave no reason.");
    Refusal {
        status,
        code: sentence(text("code").unwrap_or_default()),
        message: sentence(message),
        error: error.clone(),
    }
}

/// A foreign text, cut to what is kept of it.
pub fn sentence(text: &str) -> String {
    let mut end = text.len().min(SENTENCE_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

/// Part of an address: the provider's own ids are letters, digits and `_`.
pub fn id(text: &str) -> std::result::Result<&str, Trouble> {
    let is_id = !text.is_empty()
        && text.len() <= 255
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_id {
        Ok(text)
    } else {
        Err(Trouble::Undone(Problem::internal(
            "a provider's id is malformed",
        )))
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Undone(problem) => problem,
            Trouble::Unknown(reason) => {
                log::warn!("the provider's answer is unknown: {reason}");
                Self::new(
                    503,
                    "provider-unavailable",
                    "The provider did not answer; try again.",
                )
            }
            Trouble::Refused(refusal) => Self::new(422, "payment-refused", refusal.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_are_cut_between_characters() {
        assert_eq!(sentence("short"), "short");
        let long = "é".repeat(SENTENCE_BYTES_MAX);
        assert_eq!(sentence(&long).len(), SENTENCE_BYTES_MAX);
        assert_eq!(sentence(&format!("a{long}")).len(), SENTENCE_BYTES_MAX - 1);
    }

    #[test]
    fn an_id_leads_nowhere_else() {
        assert!(id("pi_3Mtw").is_ok());
        for text in ["", "pi/../refunds", "pi?x=1", "pi 1", &"p".repeat(256)] {
            assert!(id(text).is_err(), "{text}");
        }
    }
}
