//! What an operator may set about the edge.

use std::collections::HashMap;

use ipnet::IpNet;
use stoa_kernel::id::TenantId;
use stoa_kernel::secret::Secret;

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

/// Connections of one address at the same time: a large office behind one address has fewer, and four of them do not keep
/// everybody else waiting.
const CONNECTIONS_PER_ADDRESS_MAX: u32 = 1_024;

/// Requests a minute of one address: more than a person's pages ask for, less than a scraper wants.
const PER_MINUTE: u32 = 100;

/// Requests a minute of one address to routes where secrets could be guessed: enough for every typing error.
const SIGN_IN_PER_MINUTE: u32 = 10;

/// Requests a minute of one address for pictures and downloads: a page shows dozens of pictures at once.
const FILES_PER_MINUTE: u32 = 1_000;

/// Messages a minute that one account sends by its connections: ten a second, more than anybody types.
const MESSAGES_PER_MINUTE: u32 = 600;

/// Milliseconds after which a live connection is asked for a sign of life: proxies on the way close what is silent for
/// longer than 30 seconds.
const LIVE_PING_MS_EVERY: u64 = 25_000;

/// Milliseconds without a sign of life after which a live connection ends: two that were asked for are missing.
const LIVE_SILENT_MS_MAX: u64 = 60_000;

/// Milliseconds that a client may take for one live message: the slowest phone takes the largest in two seconds.
const LIVE_WRITE_MS_MAX: u64 = 10_000;

/// Requests a minute of one organisation's accounts together: those of ten busy addresses.
const ORGANIZATION_PER_MINUTE: u32 = 1_000;

/// How often clients may call, where [`crate::Ports::quotas`] counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests a minute of one address.
    pub per_minute: u32,
    /// Requests a minute of one address to routes of the class `sign-in`; they count against nothing else.
    pub sign_in_per_minute: u32,
    /// Requests a minute of one address to routes of the class `files`; they count against nothing else.
    pub files_per_minute: u32,
    /// Messages a minute of one account, by WebSocket and Socket.IO; they count against its organisation's quota, too.
    pub messages_per_minute: u32,
    /// Requests a minute of one account for whose tenant [`crate::Ports::organization_quota`] has no number; where there is
    /// none such, of a tenant's accounts together.
    pub organization_per_minute: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            per_minute: PER_MINUTE,
            sign_in_per_minute: SIGN_IN_PER_MINUTE,
            files_per_minute: FILES_PER_MINUTE,
            messages_per_minute: MESSAGES_PER_MINUTE,
            organization_per_minute: ORGANIZATION_PER_MINUTE,
        }
    }
}

/// How long connections for live updates may be silent, and how long they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveTimes {
    /// Milliseconds after which a client is asked for a sign of life, again and again.
    pub ping_ms_every: u64,
    /// Milliseconds without one after which its connection ends; more than `ping_ms_every`.
    pub silent_ms_max: u64,
    /// Milliseconds that it may take for one message.
    pub write_ms_max: u64,
}

impl Default for LiveTimes {
    fn default() -> Self {
        Self {
            ping_ms_every: LIVE_PING_MS_EVERY,
            silent_ms_max: LIVE_SILENT_MS_MAX,
            write_ms_max: LIVE_WRITE_MS_MAX,
        }
    }
}

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
    /// The same of one address, except those of trusted proxies; more are closed at once.
    pub connections_per_address_max: u32,
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
    /// Networks of the proxies whose word on where a client is counts.
    pub trusted_proxies: Vec<IpNet>,
    /// How often clients may call.
    pub limits: RateLimits,
    /// How long connections for live updates may be silent.
    pub live: LiveTimes,
    /// Whether clients arrive by https: browsers then send cookies over TLS only, and never come by http again.
    pub secure_cookies: bool,
    /// Whoever bears it may see `/metrics`; without one, whoever is on this machine.
    pub metrics_token: Secret,
    /// Whether anybody may see `/metrics`.
    pub metrics_public: bool,
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
            connections_per_address_max: CONNECTIONS_PER_ADDRESS_MAX,
            default_tenant: TenantId::default(),
            hosts: HashMap::new(),
            dev_tokens: false,
            demo_native: false,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            limits: RateLimits::default(),
            live: LiveTimes::default(),
            secure_cookies: false,
            metrics_token: Secret::new(""),
            metrics_public: false,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
