//! The people of the request's tenant.

pub use crate::bindings::stoa::directory::directory::{Error, Page, Person};

use crate::{Problem, Result};

/// One person; none if the id is of nobody in this tenant.
///
/// # Errors
/// Every [`Error`].
pub fn get(id: &str) -> Result<Option<Person>, Error> {
    crate::host::directory::get(id)
}

/// Those of the people that are in this tenant, at most 100.
///
/// # Errors
/// Every [`Error`].
pub fn get_many(ids: &[String]) -> Result<Vec<Person>, Error> {
    crate::host::directory::get_many(ids)
}

/// People by the time they joined, newest first; at most 200 a page. `role` narrows.
///
/// # Errors
/// Every [`Error`].
pub fn list(role: Option<&str>, offset: u32, limit: u32) -> Result<Page, Error> {
    crate::host::directory::list(role, offset, limit)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(reason) => Self::internal(format!("directory: {reason}")),
            Error::Unavailable(reason) => Self::new(503, "unavailable", reason),
        }
    }
}
