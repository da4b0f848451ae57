//! `opentelemetry/proto/trace/v1/trace.proto`.

use prost::Message;

use super::{KeyValue, Resource, Scope};

/// What is posted to `/v1/traces`.
#[derive(Clone, PartialEq, Message)]
pub struct ExportTraceServiceRequest {
    /// By who sends.
    #[prost(message, repeated, tag = "1")]
    pub resource_spans: Vec<ResourceSpans>,
}

/// Spans of one sender.
#[derive(Clone, PartialEq, Message)]
pub struct ResourceSpans {
    /// Who.
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    /// By part of the program.
    #[prost(message, repeated, tag = "2")]
    pub scope_spans: Vec<ScopeSpans>,
}

/// Spans of one part.
#[derive(Clone, PartialEq, Message)]
pub struct ScopeSpans {
    /// Which.
    #[prost(message, optional, tag = "1")]
    pub scope: Option<Scope>,
    /// They.
    #[prost(message, repeated, tag = "2")]
    pub spans: Vec<Span>,
}

/// A span.
#[derive(Clone, PartialEq, Message)]
pub struct Span {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub trace_id: Vec<u8>,
    /// 8 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub span_id: Vec<u8>,
    /// 8 bytes, or none.
    #[prost(bytes = "vec", tag = "4")]
    pub parent_span_id: Vec<u8>,
    /// What is done.
    #[prost(string, tag = "5")]
    pub name: String,
    /// A [`Kind`].
    #[prost(enumeration = "Kind", tag = "6")]
    pub kind: i32,
    /// Nanoseconds since 1970.
    #[prost(fixed64, tag = "7")]
    pub start_time_unix_nano: u64,
    /// The same.
    #[prost(fixed64, tag = "8")]
    pub end_time_unix_nano: u64,
    /// What is known of it.
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    /// Spans that it follows from.
    #[prost(message, repeated, tag = "13")]
    pub links: Vec<Link>,
    /// How it ended.
    #[prost(message, optional, tag = "15")]
    pub status: Option<Status>,
    /// W3C's flags.
    #[prost(fixed32, tag = "16")]
    pub flags: u32,
}

/// A span that another one follows from.
#[derive(Clone, PartialEq, Message)]
pub struct Link {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub trace_id: Vec<u8>,
    /// 8 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub span_id: Vec<u8>,
}

/// How a span ended.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// A [`StatusCode`].
    #[prost(enumeration = "StatusCode", tag = "3")]
    pub code: i32,
}

/// How a span stands to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Kind {
    /// Unknown.
    Unspecified = 0,
    /// Within the program.
    Internal = 1,
    /// Somebody asked from outside.
    Server = 2,
    /// Somebody outside is asked.
    Client = 3,
    /// Something is told.
    Producer = 4,
    /// Something that was told is heard.
    Consumer = 5,
}

/// Whether a span ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum StatusCode {
    /// As far as known.
    Unset = 0,
    /// Yes.
    Ok = 1,
    /// No.
    Error = 2,
}
