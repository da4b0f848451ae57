//! What of the request a handler asks for only when it needs it.

/// A request header's value, by its name in any case.
#[must_use]
pub fn header(name: &str) -> Option<String> {
    crate::host::inbound::header(name)
}

/// The request's id, as in the log.
#[must_use]
pub fn request_id() -> String {
    crate::host::inbound::request_id()
}
