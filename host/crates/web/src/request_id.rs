//! The id under which a request is found again in answers and logs.

use http::HeaderMap;
use stoa_kernel::random::ulid;

use crate::edge::Ports;

/// The header in both directions.
pub(crate) const HEADER: &str = "x-request-id";

/// Characters of an id that a client or a proxy may choose: a UUID with room to spare.
const LENGTH_MAX: usize = 64;

/// The id that the request brings along, if it is harmless in a log, else a fresh one.
pub(crate) fn of(headers: &HeaderMap, ports: &Ports) -> String {
    match headers.get(HEADER).and_then(|value| value.to_str().ok()) {
        Some(sent) if is_sane(sent) => sent.to_owned(),
        _ => ulid(ports.clock.now(), &*ports.random),
    }
}

fn is_sane(text: &str) -> bool {
    (1..=LENGTH_MAX).contains(&text.len()) && is_word(text)
}

/// Whether a text is of letters, digits, `_` and `-` alone.
pub(crate) fn is_word(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
