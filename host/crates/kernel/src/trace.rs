//! Where a piece of work stands among all that is done for one cause, as W3C Trace Context writes it
//! (<https://www.w3.org/TR/trace-context/>).
//!
//! Whoever does such a piece opens a `tracing` span with the target [`SPANS`]; what becomes of spans is the business of
//! the crate that [`install`]s itself, and when none does, they cost nothing. Some fields of a span have a meaning of
//! their own: `otel.name` (its name, where the one in the code is not enough), `otel.kind` (`server`, `client`,
//! `consumer`), `otel.status_code` (`ERROR`), `otel.parent` and `otel.link`, each a [`TraceContext`] as text: the span
//! elsewhere that this one is a part of, and the one that it follows from.

use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::hex::{hex, unhex};

/// The target of spans that describe what the host does. No log shows them.
pub const SPANS: &str = "stoa::span";

/// The header by which requests carry it.
pub const HEADER: &str = "traceparent";

/// Characters of the header that are read at all: later versions may add to the 55 of this one.
const HEADER_BYTES_MAX: usize = 128;

/// A span's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceContext {
    /// All spans of one cause have it.
    pub trace: [u8; 16],
    /// The span's own.
    pub span: [u8; 8],
    /// Whether its spans are kept.
    pub is_sampled: bool,
}

impl TraceContext {
    /// Reads a `traceparent`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > HEADER_BYTES_MAX {
            return None;
        }
        let mut parts = text.splitn(5, '-');
        let [version] = unhex(parts.next()?)?;
        let context = Self {
            trace: unhex(parts.next()?)?,
            span: unhex(parts.next()?)?,
            is_sampled: unhex(parts.next()?).map(|[flags]: [u8; 1]| flags & 1 == 1)?,
        };
        let has_more = parts.next().is_some();
        if version == 0xff || (version == 0 && has_more) {
            return None;
        }
        (context.trace != [0; 16] && context.span != [0; 8]).then_some(context)
    }

    /// The trace's id: 32 hex digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        hex(&self.trace)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, span) = (hex(&self.trace), hex(&self.span));
        write!(f, "00-{trace}-{span}-{:02x}", u8::from(self.is_sampled))
    }
}

impl From<TraceContext> for String {
    fn from(context: TraceContext) -> Self {
        context.to_string()
    }
}

impl TryFrom<String> for TraceContext {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("no traceparent")
    }
}

/// Finds the place of the span that this thread is in.
pub type Reader = fn() -> Option<TraceContext>;

static READER: OnceLock<Reader> = OnceLock::new();

/// Who keeps spans says how to find the current one. Of several the first counts: there is one per process.
pub fn install(reader: Reader) {
    let _ = READER.set(reader);
}

/// Whether anybody keeps spans.
#[must_use]
pub fn is_on() -> bool {
    READER.get().is_some()
}

/// The place of the span that this thread is in; none when nobody keeps any.
#[must_use]
pub fn current() -> Option<TraceContext> {
    READER.get().and_then(|read| read())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_the_standard_writes_is_read_and_written_the_same() {
        let context = TraceContext::parse(TEXT).unwrap();
        assert!(context.is_sampled);
        assert_eq!(context.to_string(), TEXT);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let unsampled = TraceContext::parse(&TEXT.replace("-01", "-00")).unwrap();
        assert!(!unsampled.is_sampled);
        let later = format!("{}-more", TEXT.replacen("00-", "cc-", 1));
        assert_eq!(TraceContext::parse(&later), Some(context));
        let json = serde_json::to_string(&context).unwrap();
        assert_eq!(
            serde_json::from_str::<TraceContext>(&json).unwrap(),
            context
        );
    }

    #[test]
    fn nothing_else_is_read() {
        let none = "0".repeat(32);
        for wrong in [
            String::new(),
            TEXT.to_uppercase(),
            TEXT.replacen("00-", "ff-", 1),
            TEXT.replacen("00-", "0x-", 1),
            TEXT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &none),
            TEXT.replace("00f067aa0ba902b7", "0000000000000000"),
            TEXT.replace("00f067aa0ba902b7", "00f067aa0ba902bg"),
            format!("{TEXT}-more"),
            format!("{TEXT}x"),
            format!("{}{}", TEXT.replacen("00-", "cc-", 1), "-x".repeat(100)),
            TEXT.replace('-', "_"),
            format!("ä{TEXT}"),
        ] {
            assert_eq!(TraceContext::parse(&wrong), None, "{wrong:?}");
        }
    }
}
