//! What the request's tenant pays for.

pub use crate::bindings::stoa::plans::plans::{Error, Plan};

use crate::{Problem, Result};

/// All plans, the smallest first.
#[must_use]
pub fn list() -> Vec<Plan> {
    crate::host::plans::list()
}

/// The tenant's plan.
///
/// # Errors
/// Every [`Error`].
pub fn current() -> Result<Plan, Error> {
    crate::host::plans::current()
}

/// Puts the tenant on a plan once the request has committed.
///
/// # Errors
/// Every [`Error`].
pub fn change(id: &str) -> Result<(), Error> {
    crate::host::plans::change(id)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("plan"),
            Error::Unavailable(reason) => Self::new(503, "unavailable", reason),
        }
    }
}
