//! `opentelemetry/proto/logs/v1/logs.proto`.

use prost::Message;

use super::{AnyValue, KeyValue, Resource, Scope};

/// What is posted to `/v1/logs`.
#[derive(Clone, PartialEq, Message)]
pub struct ExportLogsServiceRequest {
    /// By who sends.
    #[prost(message, repeated, tag = "1")]
    pub resource_logs: Vec<ResourceLogs>,
}

/// Lines of one sender.
#[derive(Clone, PartialEq, Message)]
pub struct ResourceLogs {
    /// Who.
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    /// By part of the program.
    #[prost(message, repeated, tag = "2")]
    pub scope_logs: Vec<ScopeLogs>,
}

/// Lines of one part.
#[derive(Clone, PartialEq, Message)]
pub struct ScopeLogs {
    /// Which.
    #[prost(message, optional, tag = "1")]
    pub scope: Option<Scope>,
    /// They.
    #[prost(message, repeated, tag = "2")]
    pub log_records: Vec<LogRecord>,
}

/// A line.
#[derive(Clone, PartialEq, Message)]
pub struct LogRecord {
    /// Nanoseconds since 1970.
    #[prost(fixed64, tag = "1")]
    pub time_unix_nano: u64,
    /// 1 (trace) to 24 (fatal), in steps of four.
    #[prost(int32, tag = "2")]
    pub severity_number: i32,
    /// The level's word.
    #[prost(string, tag = "3")]
    pub severity_text: String,
    /// What is said.
    #[prost(message, optional, tag = "5")]
    pub body: Option<AnyValue>,
    /// What is known beside it.
    #[prost(message, repeated, tag = "6")]
    pub attributes: Vec<KeyValue>,
    /// 16 bytes, or none.
    #[prost(bytes = "vec", tag = "9")]
    pub trace_id: Vec<u8>,
    /// 8 bytes, or none.
    #[prost(bytes = "vec", tag = "10")]
    pub span_id: Vec<u8>,
    /// As `time_unix_nano`.
    #[prost(fixed64, tag = "11")]
    pub observed_time_unix_nano: u64,
}
