//! What came of a request that was to have an effect: what is known, and above all what is not.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Error, Outgoing};
use crate::{Problem, log};

/// Bytes of a service's sentence that are kept.
const SENTENCE_BYTES_MAX: usize = 300;
/// Bytes of an id that is part of a path.
const ID_BYTES_MAX: usize = 255;

/// Why there is no good answer. It turns into a fitting [`Problem`] with `?`.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The service did nothing: it can't be reached, has too much to do, or does not take the credentials.
    Undone(Problem),
    /// The service may or may not have done it. Who asks again under another key may have it done twice.
    Unknown(String),
    /// The service said no.
    Refused(Refusal),
}

/// A service's no.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// 400 to 499.
    pub status: u16,
    /// The service's word for it.
    pub code: String,
    /// Its sentence, at most 300 bytes.
    pub message: String,
    /// The rest of what it said about it, the member `error` of its answer.
    pub error: Value,
}

/// A good answer, or what is known without one.
pub type Reply<T> = std::result::Result<T, Trouble>;

/// Sends a request and reads the answer as JSON.
pub(super) fn ask<T: DeserializeOwned>(request: Outgoing) -> Reply<T> {
    let answer = match request.send() {
        Ok(answer) => answer,
        Err(Error::Unreachable(reason)) => return Err(busy(&reason)),
        Err(Error::Unknown(reason)) => return Err(Trouble::Unknown(reason)),
        // Nothing was sent.
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
                "the service does not take the credentials: {}",
                answer.status
            );
            Err(Trouble::Undone(Problem::new(
                503,
                "not-configured",
                "The service does not take the operator's credentials.",
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
    log::warn!("the service can't be reached: {reason}");
    Trouble::Undone(Problem::new(
        503,
        "service-unavailable",
        "The service can't be reached; try again.",
    ))
}

/// Most say `{"error": {"code": …, "message": …}}`; some call the sentence `description`.
fn refusal(status: u16, body: Option<Value>) -> Refusal {
    let error = body.and_then(|mut body| body.get_mut("error").map(Value::take));
    let error = error.unwrap_or_default();
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    let message = text("message").or_else(|| text("description"));
    let message = message.unwrap_or("The service gave no reason.");
    Refusal {
        status,
        code: sentence(text("code").unwrap_or_default()),
        message: sentence(message),
        error: error.clone(),
    }
}

/// A foreign text, cut to the 300 bytes that are kept of it.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut end = text.len().min(SENTENCE_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

/// A service's id as part of a path: 1 to 255 letters, digits and `_`, which lead nowhere else.
///
/// # Errors
/// [`Trouble::Undone`] for anything else.
pub fn id(text: &str) -> std::result::Result<&str, Trouble> {
    let is_id = !text.is_empty()
        && text.len() <= ID_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_id {
        Ok(text)
    } else {
        Err(Trouble::Undone(Problem::internal(
            "a service's id is malformed",
        )))
    }
}

impl From<Trouble> for Problem {
    /// 503 while it is worth trying again; 422 in the service's own words when it said no.
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Undone(problem) => problem,
            Trouble::Unknown(reason) => {
                log::warn!("the service's answer is unknown: {reason}");
                Self::new(
                    503,
                    "service-unavailable",
                    "The service did not answer; try again.",
                )
            }
            Trouble::Refused(refusal) => Self::new(422, "refused-elsewhere", refusal.message),
        }
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::outbound::{Method, request};
    use crate::testing::{Answered, Host, OutboundError};

    fn asked(answer: Result<(u16, &'static str), OutboundError>) -> Reply<Value> {
        let host = Host::new();
        host.elsewhere(move |_| {
            answer.clone().map(|(status, body)| Answered {
                status,
                headers: Vec::new(),
                body: body.into(),
            })
        });
        request("psp", Method::Post, "/charges")
            .purpose("charge")
            .ask()
    }

    #[test]
    fn what_was_done_what_was_not_and_what_is_not_known_are_told_apart() {
        assert_eq!(asked(Ok((201, r#"{"id":1}"#))), Ok(json!({"id": 1})));
        for undone in [
            Ok((401, "")),
            Ok((403, "{}")),
            Ok((429, "{}")),
            Err(OutboundError::Unreachable("nobody".into())),
            Err(OutboundError::Denied("psp".into())),
            Err(OutboundError::Limit("too many requests".into())),
        ] {
            let Err(Trouble::Undone(problem)) = asked(undone.clone()) else {
                panic!("{undone:?} may have been done");
            };
            assert!(problem.status >= 500, "{problem}");
        }
        for unknown in [
            Ok((200, "<html>")),
            Ok((302, "")),
            Ok((408, "{}")),
            Ok((409, "{}")),
            Ok((500, "{}")),
            Ok((503, "")),
            Err(OutboundError::Unknown("no answer in time".into())),
        ] {
            let reply = asked(unknown.clone());
            assert!(matches!(reply, Err(Trouble::Unknown(_))), "{unknown:?}");
        }
    }

    #[test]
    fn what_is_no_json_is_not_sent() {
        let host = Host::new();
        let keys_are_no_texts = std::collections::BTreeMap::from([((1, 2), 3)]);
        let asked = request("psp", Method::Post, "/charges").json(&keys_are_no_texts);
        let refused = asked.clone().send();
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        assert!(host.sent().is_empty());
        host.elsewhere(|_| {
            Ok(Answered {
                status: 204,
                headers: Vec::new(),
                body: Vec::new(),
            })
        });
        assert!(asked.body("{}").send().is_ok());
    }

    #[test]
    fn a_no_is_told_in_the_services_words() {
        let Err(Trouble::Refused(refusal)) = asked(Ok((
            402,
            r#"{"error":{"code":"declined","message":"No funds."}}"#,
        ))) else {
            panic!("it was refused");
        };
        assert_eq!((refusal.status, refusal.code.as_str()), (402, "declined"));
        let problem = Problem::from(Trouble::Refused(refusal));
        assert_eq!(
            (problem.status, problem.detail.as_str()),
            (422, "No funds.")
        );
        for (body, expected) in [
            (r#"{"error":{"code":"BAD","description":"Bad."}}"#, "Bad."),
            ("{}", "The service gave no reason."),
            ("[]", "The service gave no reason."),
            ("nonsense", "The service gave no reason."),
        ] {
            let Err(Trouble::Refused(refusal)) = asked(Ok((400, body))) else {
                panic!("{body} is a refusal");
            };
            assert_eq!(refusal.message, expected);
        }
    }

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
