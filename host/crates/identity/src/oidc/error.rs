//! Why a sign-in elsewhere came to nothing.

use stoa_kernel::error::Problem;

/// Why a sign-in elsewhere came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// This browser began none, or too long ago, or its cookie was changed.
    #[error("no sign-in is under way: {0}")]
    NotUnderWay(&'static str),
    /// The answer belongs to another sign-in than the browser's.
    #[error("the answer belongs to another sign-in: {0}")]
    Mismatch(&'static str),
    /// The person, or the provider on their behalf, said no.
    #[error("the provider answered {0:?}")]
    Denied(String),
    /// The code was used before, is too old, or is not ours.
    #[error("the provider does not take the code")]
    CodeRefused,
    /// The browser came back without a code.
    #[error("the callback has no code")]
    NoCode,
    /// The address to return to leads elsewhere.
    #[error("the address to return to is no path of this host")]
    ReturnTo,
    /// The provider can't be reached, or what it answers can't be used.
    #[error("the provider failed: {0}")]
    Provider(String),
}

impl From<OidcError> for Problem {
    fn from(error: OidcError) -> Self {
        let reason = error.to_string();
        let problem = match error {
            OidcError::NotUnderWay(_) => Self::new(
                400,
                "sign-in-expired",
                "This sign-in is no longer under way; begin again.",
            ),
            OidcError::Mismatch(_) => Self::new(
                400,
                "sign-in-mismatch",
                "This answer belongs to another sign-in; begin again.",
            ),
            OidcError::Denied(_) => Self::new(
                400,
                "sign-in-denied",
                "The sign-in was not allowed at the provider.",
            ),
            OidcError::CodeRefused => Self::new(
                400,
                "sign-in-refused",
                "The provider does not take this code; begin again.",
            ),
            OidcError::NoCode => Self::invalid("code", "The provider's code is missing."),
            OidcError::ReturnTo => Self::invalid(
                "returnTo",
                "This is no path of this host, such as /account.",
            ),
            OidcError::Provider(_) => {
                Self::new(502, "provider-failed", "The provider could not be asked.")
            }
        };
        problem.because(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_nothing_of_what_the_provider_said() {
        for (error, status) in [
            (OidcError::NotUnderWay("inside"), 400),
            (OidcError::Mismatch("inside"), 400),
            (OidcError::Denied("inside".into()), 400),
            (OidcError::Provider("inside".into()), 502),
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.status, status);
            assert!(!problem.detail.contains("inside"), "{}", problem.detail);
            assert!(problem.internal.is_some_and(|text| text.contains("inside")));
        }
    }
}
