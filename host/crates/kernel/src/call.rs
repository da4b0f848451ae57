//! A request on its way to a plugin, and the plugin's answer.

use std::fmt;
use std::io;
use std::net::IpAddr;

use bytes::Bytes;
use futures::stream::BoxStream;

use crate::answer::IdempotencyKey;
use crate::cookie;
use crate::id::TenantId;
use crate::identity::Principal;

/// All that a plugin or service may learn of a request. A request that meets a conflict runs again from this.
#[derive(Debug, Clone)]
pub struct Request {
    /// The request's id in logs and answers.
    pub id: String,
    /// Where the client is, as far as trusted proxies tell. Services learn it, plugins don't.
    pub address: Option<IpAddr>,
    /// Whose data.
    pub tenant: TenantId,
    /// Who calls; already admitted by the route.
    pub principal: Principal,
    /// Path parameters by name, percent-decoded.
    pub params: Vec<(String, String)>,
    /// The raw query string.
    pub query: String,
    /// The headers that a plugin may see, names in lower case; a service sees the cookies, too.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// What the host asks for, if it is no client's request.
    pub cause: Option<Cause>,
    /// Set when the client asked for the request to be safe to repeat.
    pub idempotency: Option<IdempotencyKey>,
}

/// What a request is for that is the host's own: an event that is delivered, a turn of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The same for every repetition of the same, as a client's idempotency key is.
    pub id: String,
    /// What it is one of: the event's name, the schedule.
    pub kind: String,
}

/// Bits of an IPv6 address that one client can't change: providers give each a network of this size.
pub const IPV6_PREFIX_BITS: u32 = 64;

/// Whom an address stands for: with IPv6, everybody can have more addresses than we can count.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << (u128::BITS - IPV6_PREFIX_BITS));
            IpAddr::V6(network.into())
        }
    }
}

impl Request {
    /// The value of the first cookie of this name, as far as the request shows its cookies.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers.iter().filter(|(name, _)| name == "cookie");
        cookie::find(lines.map(|(_, line)| line.as_str()), name)
    }
}

/// A plugin's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 100 to 599.
    pub status: u16,
    /// Checked names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// Where it comes from.
    pub source: Source,
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// A handler has just given it.
    #[default]
    Handler,
    /// It was stored under an idempotency key.
    Replay,
    /// A handler gave it to the same question, and nothing that it rests on has changed since.
    Memory,
}

/// Bytes that come piece by piece. Whoever takes them sets the pace.
pub type Chunks = BoxStream<'static, io::Result<Bytes>>;

/// The body of a request, on its way.
pub struct Incoming {
    /// How many bytes the client has announced, if it has.
    pub length: Option<u64>,
    /// The bytes; an error when the client goes away or takes too long.
    pub chunks: Chunks,
}

/// The body of an answer.
pub enum Content {
    /// In memory.
    Bytes(Bytes),
    /// Fetched as fast as the client takes it.
    Stream {
        /// How many bytes there will be.
        length: u64,
        /// The bytes.
        chunks: Chunks,
    },
}

impl Content {
    /// How many bytes it has.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream { length, .. } => *length,
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length())
    }
}

/// An answer whose body may be too large for memory.
#[derive(Debug)]
pub struct Streamed {
    /// 200 to 499.
    pub status: u16,
    /// Checked names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub content: Content,
    /// Where it comes from.
    pub source: Source,
}

impl From<Response> for Streamed {
    fn from(response: Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers,
            content: Content::Bytes(response.body),
            source: response.source,
        }
    }
}
