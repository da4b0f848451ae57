//! A request on its way to a plugin, and the plugin's answer.

use std::net::IpAddr;

use bytes::Bytes;

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
    /// Set when the client asked for the request to be safe to repeat.
    pub idempotency: Option<IdempotencyKey>,
    /// What no client asked for is done for this: an event, a turn of a schedule. The same whenever it is tried
    /// again, and of the host's own making, as `id` is not.
    pub cause: Option<String>,
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
