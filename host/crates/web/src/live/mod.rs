//! Live updates: connections that stay, over one set of channels. What a client says on one is a request, handled by the
//! plugins that are live at that moment; so a plugin is replaced without closing a connection.
//!
//! A [`conversation::Conversation`] is what all protocols have in common; [`socket`], [`events`] and [`socket_io`] put it
//! on the wire.

mod caller;
mod conversation;
mod counted;
mod events;
mod frame;
mod origin;
mod pace;
mod parting;
mod position;
mod saying;
mod socket;
mod socket_io;

use std::sync::Arc;

use http::header::UPGRADE;
use http::request::Parts;
use http::{HeaderValue, Method};
use stoa_kernel::error::Problem;
use stoa_kernel::plugins::Snapshot;
use stoa_kernel::wit::Channel;

use crate::body::Body;
use crate::edge::{Answer, Edge, Shared};
use crate::method;
use crate::router::HostPath;
use crate::trail::{Pattern, Trail};

pub(crate) use socket_io::SocketIoDoor;

/// By which protocol a path of the host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// WebSocket.
    Socket,
    /// Server-sent events.
    Events,
    /// Socket.IO.
    SocketIo,
}

/// Begins a connection at one of the host's own paths.
pub(crate) async fn open(
    edge: &Edge,
    door: Door,
    host: &HostPath,
    head: &Parts,
    body: Body,
    trail: &mut Trail,
) -> Answer {
    if let Some(refusal) = host.refuse(head, trail) {
        return Ok(refusal);
    }
    match door {
        Door::Socket => socket::open(&edge.shared, None, head, trail).await,
        Door::Events => events::open(&edge.shared, head, trail).await,
        Door::SocketIo => edge.socket_io.serve(&edge.shared, head, body, trail).await,
    }
}

/// The channel that WebSockets join at once by this path.
pub(crate) fn by_path(snapshot: &dyn Snapshot, path: &str) -> Option<Arc<Channel>> {
    let mut channels = snapshot.channels().into_iter();
    channels.find(|channel| channel.has_socket_at(path))
}

/// Begins a connection that joins a channel at once.
pub(crate) async fn open_channel(
    shared: &Arc<Shared>,
    channel: Arc<Channel>,
    head: &Parts,
    trail: &mut Trail,
) -> Answer {
    trail.pattern = Pattern::Socket(Arc::clone(&channel));
    if *method::routed(&head.method) != Method::GET {
        return Ok(method::other(&head.method, &["GET"], trail));
    }
    socket::open(shared, Some(&channel), head, trail).await
}

/// Begins a connection at a path that the deployment does not know: a tenant's own versions may. Browsers say whose
/// they are by what only WebSockets take.
pub(crate) async fn open_of_tenant(
    shared: &Arc<Shared>,
    head: &Parts,
    trail: &mut Trail,
) -> Answer {
    origin::check(head, &shared.config)?;
    let caller = caller::of(shared, head, trail).await?;
    let own = shared.ports.plugins.snapshot_for(&caller.tenant);
    let channel = by_path(&*own, head.uri.path()).ok_or_else(Problem::not_found)?;
    trail.pattern = Pattern::Socket(Arc::clone(&channel));
    socket::begin(shared, caller, Some(&channel), head, trail).await
}

/// Whether it is a request for a WebSocket (RFC 6455, section 4.1).
pub(crate) fn asks_for_socket(head: &Parts) -> bool {
    let upgrade = head.headers.get(UPGRADE).map(HeaderValue::as_bytes);
    head.method == Method::GET
        && upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case(b"websocket"))
}
