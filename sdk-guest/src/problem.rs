//! Business errors as values.

use crate::bindings::stoa::types::types as wire;
use crate::storage::StorageError;

/// The result of a handler.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// An RFC 9457 problem: ends the request and discards everything it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// 400 to 599.
    pub status: u16,
    /// Stable kebab-case word, at most 64 bytes.
    pub code: String,
    /// One sentence for people, at most 1,024 bytes.
    pub detail: String,
    /// The member of the request at fault.
    pub field: Option<String>,
}

impl Problem {
    /// A problem with a status, a word and a sentence.
    #[must_use]
    pub fn new(status: u16, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            field: None,
        }
    }

    /// 404. The same words for what is missing and what is somebody else's.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "not-found", format!("There is no such {what}."))
    }

    /// 400 about a member of the request.
    #[must_use]
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(400, "invalid-request", detail).with_field(field)
    }

    /// 422 about a member that is well-formed but can't be.
    #[must_use]
    pub fn unprocessable(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(422, "unprocessable", detail).with_field(field)
    }

    /// 409 with a word of its own.
    #[must_use]
    pub fn conflict(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(409, code, detail)
    }

    /// 403.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(403, "forbidden", detail)
    }

    /// 401.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(401, "unauthenticated", "Sign in and send a bearer token.")
    }

    /// 500 whose detail only the operator sees.
    #[must_use]
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(500, "internal", detail)
    }

    /// Names the member of the request at fault.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl From<Problem> for wire::Problem {
    fn from(problem: Problem) -> Self {
        let Problem {
            status,
            code,
            detail,
            field,
        } = problem;
        Self {
            status,
            code,
            detail,
            field,
        }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NotFound => Self::not_found("document"),
            StorageError::AlreadyExists => Self::conflict("already-exists", "It exists already."),
            StorageError::NotUnique(fields) => {
                Self::conflict("not-unique", format!("Another one has the same {fields}."))
                    .with_field(fields)
            }
            StorageError::VersionMismatch(version) => Self::conflict(
                "version-mismatch",
                format!("It has changed; its version is {version} now."),
            ),
            StorageError::Invalid(reason) => Self::new(400, "invalid-request", reason),
            StorageError::Limit(reason) => Self::new(422, "too-much", reason),
            StorageError::Unavailable(reason) => Self::new(503, "unavailable", reason),
            StorageError::Denied(reason)
            | StorageError::Other(reason)
            | StorageError::Malformed(reason) => Self::internal(reason),
        }
    }
}
