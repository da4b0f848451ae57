//! Twilio's Messages API, which carries them.

use serde::Deserialize;
use stoa_guest::outbound::{self, Error, Method};
use stoa_guest::prelude::*;

use super::number::Number;

/// The password of the service's credentials. Codes and counts are hashed under it as well: who has the database alone
/// can't try all codes, or all numbers.
pub const KEY: &str = "twilio_password";

/// The code by which the service says that the number's owner has answered STOP.
const UNSUBSCRIBED: u32 = 21_610;

/// The operator's account with the service.
#[derive(Debug)]
pub struct Account {
    sid: String,
    from: String,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The service has it.
    Accepted,
    /// The service has not taken it, and may later.
    Later(String),
    /// The service will not take it.
    Refused(String),
    /// The same, because whose number it is has asked the service for that.
    Unsubscribed,
    /// The service may or may not have it.
    Unknown(String),
    /// The operator has not set all of the credentials.
    Unconfigured,
}

/// An error as the service words it. Its sentence repeats the number, and is not read.
#[derive(Deserialize)]
struct Fault {
    code: u32,
}

impl Account {
    /// The account; none while the operator has not configured it, which is how a host begins.
    pub fn configured() -> Option<Self> {
        let sid = settings::get("twilio_account_sid")?;
        let from = settings::get("sms_from")?;
        secrets::sign(KEY, b"").ok()?;
        Some(Self { sid, from })
    }

    /// Sends a message of at most 1,600 characters. No key makes a repetition harmless: the service knows none for
    /// messages.
    pub fn send(&self, to: &Number, text: &str) -> Outcome {
        let Ok(sid) = outbound::id(&self.sid) else {
            return Outcome::Unconfigured;
        };
        let path = format!("/2010-04-01/Accounts/{sid}/Messages.json");
        let fields = [("To", to.as_str()), ("From", &self.from), ("Body", text)];
        let request = outbound::request("twilio", Method::Post, &path).form(fields);
        match request.purpose("text").send() {
            Ok(answer) => outcome(answer.status, answer.json().ok()),
            // An answer too large is none of this service's: it is this minute's requests that are used up.
            Err(Error::Unreachable(reason) | Error::Limit(reason)) => Outcome::Later(reason),
            Err(Error::Unknown(reason)) => Outcome::Unknown(reason),
            Err(Error::Denied(_)) => Outcome::Unconfigured,
            Err(Error::Invalid(reason)) => Outcome::Refused(reason),
        }
    }
}

fn outcome(status: u16, fault: Option<Fault>) -> Outcome {
    let code = fault.map(|fault| fault.code);
    let told = match code {
        Some(code) => format!("status {status}, error {code}"),
        None => format!("status {status}"),
    };
    match (status, code) {
        (200..=299, _) => Outcome::Accepted,
        // An error of its own is a no that the service means for now: it is taken at its word.
        (429 | 500..=599, _) => Outcome::Later(told),
        (400..=499, Some(UNSUBSCRIBED)) => Outcome::Unsubscribed,
        // What took too long may have been taken.
        (408, _) => Outcome::Unknown(told),
        (400..=499, _) => Outcome::Refused(told),
        _ => Outcome::Unknown(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_what_the_service_has_not_taken() {
        let of = |status, code: Option<u32>| outcome(status, code.map(|code| Fault { code }));
        assert_eq!(of(201, None), Outcome::Accepted);
        assert_eq!(of(400, Some(UNSUBSCRIBED)), Outcome::Unsubscribed);
        for status in [429, 500, 503] {
            assert!(matches!(of(status, None), Outcome::Later(_)), "{status}");
        }
        for (status, code) in [(400, Some(21_211)), (401, Some(20_003)), (404, None)] {
            assert!(matches!(of(status, code), Outcome::Refused(_)), "{status}");
        }
        for status in [302, 408] {
            assert!(matches!(of(status, None), Outcome::Unknown(_)), "{status}");
        }
    }
}
