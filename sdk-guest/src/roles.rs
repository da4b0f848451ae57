//! Who may sell.

pub use crate::bindings::stoa::directory::roles::Error;

use crate::{Problem, Result};

/// Gives a person of the request's tenant the role `vendor`, or `user` again, once the request has committed.
///
/// # Errors
/// Every [`Error`].
pub fn set_selling(account: &str, selling: bool) -> Result<(), Error> {
    crate::host::roles::set_selling(account, selling)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("account"),
            Error::Denied(reason) => Self::new(422, "unprocessable", reason),
            Error::Unavailable(reason) => Self::new(503, "unavailable", reason),
        }
    }
}
