//! What an operator may set about the edge.

use std::collections::HashMap;

use stoa_kernel::id::TenantId;

/// Bytes of a request's body: what axum and most gateways take without being told otherwise.
const BODY_BYTES_MAX: usize = 2 << 20;

/// Bytes of a query string: what the plugin contract promises.
const QUERY_BYTES_MAX: usize = 8 << 10;

/// Milliseconds for reading a body, and again for answering: a little more than the longest that a plugin may take,
/// so that the plugin's own limit speaks first.
const REQUEST_MS_MAX: u64 = 35_000;

/// Milliseconds for a request's head, and for the first request of a connection to begin at all: generous
/// for the slowest phone, little for who sends a byte a second.
const HEADER_READ_MS_MAX: u64 = 10_000;

/// Connections at the same time: each may hold 64 KiB of headers.
const CONNECTIONS_MAX: u32 = 4_096;

/// The edge's settings.
#[derive(Debug, Clone)]
pub struct EdgeConfig {
    /// Bytes of a request's body; more is 413.
    pub body_bytes_max: usize,
    /// Bytes of a query string; more is 414.
    pub query_bytes_max: usize,
    /// Milliseconds for reading a body (408), and again for answering (504).
    pub request_ms_max: u64,
    /// Milliseconds for a request's head; a connection that takes longer is closed.
    pub header_read_ms_max: u64,
    /// Connections at the same time; more wait to be accepted.
    pub connections_max: u32,
    /// The tenant of a request that names none.
    pub default_tenant: TenantId,
    /// Tenants by host name, in lower case and without a port.
    pub hosts: HashMap<String, TenantId>,
    /// Whether `POST /auth/token` gives a token to anybody who asks.
    pub dev_tokens: bool,
    /// Whether `GET /bench/native` is there to compare plugins with.
    pub demo_native: bool,
    /// Origins, such as `https://shop.example`, whose pages may call from a browser.
    pub cors_origins: Vec<String>,
    /// The cookie that holds a browser's session.
    pub session_cookie: String,
    /// Whether browsers send that cookie over TLS only.
    pub secure_cookies: bool,
    /// The host's version as `/health` and the API document tell it.
    pub version: String,
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            body_bytes_max: BODY_BYTES_MAX,
            query_bytes_max: QUERY_BYTES_MAX,
            request_ms_max: REQUEST_MS_MAX,
            header_read_ms_max: HEADER_READ_MS_MAX,
            connections_max: CONNECTIONS_MAX,
            default_tenant: TenantId::default(),
            hosts: HashMap::new(),
            dev_tokens: false,
            demo_native: false,
            cors_origins: Vec::new(),
            session_cookie: "stoa_session".to_owned(),
            secure_cookies: false,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
