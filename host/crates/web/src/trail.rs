//! What becomes known about a request on its way: for its answer, its metrics and its line in the log.

use std::net::IpAddr;
use std::sync::Arc;

use stoa_kernel::id::TenantId;
use stoa_kernel::wit::{Channel, Route};

use crate::quota::Standing;

/// The trail of one request.
pub(crate) struct Trail {
    /// The request's id.
    pub id: String,
    /// Where the client is; none when the host itself asks.
    pub address: Option<IpAddr>,
    /// How the client stands with the quotas that the request counted against.
    pub standings: Vec<Standing>,
    /// Whose data, once known.
    pub tenant: Option<TenantId>,
    /// The plugin that answers, if one does.
    pub plugin: Option<Arc<str>>,
    /// What the path matched.
    pub pattern: Pattern,
    /// Why the request failed: for the operator.
    pub reason: Option<String>,
}

/// The route that a path leads to.
pub(crate) enum Pattern {
    /// None.
    Unmatched,
    /// One of the host's.
    Host(&'static str),
    /// A plugin's.
    Plugin(Arc<Route>),
    /// A path where WebSockets join this channel.
    Socket(Arc<Channel>),
}

impl Trail {
    /// The beginning of a trail.
    pub(crate) const fn new(id: String, address: Option<IpAddr>) -> Self {
        Self {
            id,
            address,
            standings: Vec::new(),
            tenant: None,
            plugin: None,
            pattern: Pattern::Unmatched,
            reason: None,
        }
    }
}

impl Pattern {
    /// The route's path with its parameters unfilled.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Unmatched => "unmatched",
            Self::Host(path) => path,
            Self::Plugin(route) => &route.path,
            Self::Socket(channel) => channel.socket.as_deref().unwrap_or(&channel.name),
        }
    }
}
