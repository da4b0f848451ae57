//! Files: pictures, downloads, artefacts.

pub use crate::bindings::stoa::blobs::blobs::{Error, Info};

use crate::{Problem, Result};

/// How a blob is named by its id where else an address may stand.
const NAMED: &str = "blob:";

/// The id in a text such as `blob:01J…`, which names a blob where else an address may stand; none in any other text.
/// It may be the id of no blob.
#[must_use]
pub fn named(text: &str) -> Option<&str> {
    text.strip_prefix(NAMED)
}

/// What is known of a blob; none if no blob of this tenant has this id.
///
/// # Errors
/// Every [`Error`] but that it is missing.
pub fn stat(id: &str) -> Result<Option<Info>, Error> {
    match crate::host::blobs::stat(id) {
        Ok(info) => Ok(Some(info)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Up to 1 MiB of a blob's bytes from an offset.
///
/// # Errors
/// Every [`Error`].
pub fn read(id: &str, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
    crate::host::blobs::read(id, offset, length)
}

/// Keeps up to 1 MiB as a new blob, in the request's unit of work.
///
/// # Errors
/// Every [`Error`].
pub fn write(name: &str, content: &[u8]) -> Result<Info, Error> {
    crate::host::blobs::write(name, content)
}

/// Removes a blob, in the request's unit of work. False if there was none.
///
/// # Errors
/// Every [`Error`].
pub fn remove(id: &str) -> Result<bool, Error> {
    crate::host::blobs::remove(id)
}

/// A path on this host from which anybody may fetch the blob for so many seconds, at most 7 days.
///
/// # Errors
/// Every [`Error`].
pub fn link(id: &str, seconds: u32) -> Result<String, Error> {
    crate::host::blobs::link(id, seconds)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("file"),
            Error::Invalid(reason) => Self::invalid("file", reason),
            Error::Limit(reason) => Self::new(422, "too-much", reason),
            Error::Unavailable(reason) => Self::new(503, "unavailable", reason),
        }
    }
}
