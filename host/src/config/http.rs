//! `[http]`: the edge.

use std::net::SocketAddr;

use serde::Deserialize;

/// The edge.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where the host answers.
    pub listen: SocketAddr,
    /// Bytes of a request's body.
    pub body_bytes_max: usize,
    /// Milliseconds for reading a body, and again for answering.
    pub request_ms_max: u64,
    /// Connections at the same time.
    pub connections_max: u32,
    /// Origins whose pages may call.
    pub cors_origins: Vec<String>,
    /// Whether the session cookie travels over TLS only.
    pub secure_cookies: bool,
}
