//! Letters.

pub use crate::bindings::stoa::mail::mail::{Error, Recipient};

use crate::bindings::stoa::mail::mail as wire;
use crate::{Problem, Result};

/// Sends a letter if and only if the request commits. `subject` is one line of at most 200 bytes, `text` plain
/// text of at most 30 KiB.
///
/// # Errors
/// Every [`Error`].
pub fn send(to: Recipient, subject: &str, text: &str) -> Result<(), Error> {
    crate::host::mail::send(&wire::Letter {
        to,
        subject: subject.into(),
        text: text.into(),
    })
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(reason) => Self::new(422, "unprocessable", reason),
            Error::Limit(reason) => Self::new(422, "too-much", reason),
            Error::Other(reason) => Self::internal(format!("mail: {reason}")),
        }
    }
}
