//! Secrets that work for a plugin without being shown to it.

pub use crate::bindings::stoa::secrets::secrets::Error;

use crate::{Problem, Result};

/// Whether `signature` is the HMAC-SHA256 of the message under one of the secret's values. Takes the same time
/// wherever they differ.
///
/// # Errors
/// Every [`Error`].
pub fn verifies(name: &str, message: &[u8], signature: &[u8]) -> Result<bool, Error> {
    let expected = crate::host::secrets::hmac_sha256(name, message)?;
    let verdicts = expected
        .iter()
        .map(|mac| crate::host::secrets::same(mac, signature));
    Ok(verdicts.fold(false, |found, same| found | same))
}

/// HMAC-SHA256 of the message under the newest value of the secret.
///
/// # Errors
/// Every [`Error`].
pub fn sign(name: &str, message: &[u8]) -> Result<Vec<u8>, Error> {
    let macs = crate::host::secrets::hmac_sha256(name, message)?;
    macs.into_iter()
        .next()
        .ok_or_else(|| Error::Unset(name.into()))
}

impl From<Error> for Problem {
    /// 503 when the operator has still to set it.
    fn from(error: Error) -> Self {
        match error {
            Error::Unset(name) => Self::new(
                503,
                "not-configured",
                format!("The operator has not set the secret {name}."),
            ),
            Error::Denied(reason) | Error::Invalid(reason) => {
                Self::internal(format!("secrets: {reason}"))
            }
        }
    }
}
