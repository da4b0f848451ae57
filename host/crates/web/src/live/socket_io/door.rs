//! Requests of the protocol below, Engine.IO, and who may connect.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body;
use futures::future::ready;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::request::Parts;
use http::{HeaderName, Request, Response};
use hyper::upgrade::OnUpgrade;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::{ParserConfig, SocketIo};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Account;
use stoa_kernel::limits::LIVE_MESSAGE_BYTES_MAX;
use stoa_kernel::wit::RouteClass;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use super::talk::Talk;
use super::words::{Auth, Refused};
use crate::auth::RETRY_AFTER_S;
use crate::body::Body;
use crate::content::Content;
use crate::edge::{Answer, Shared};
use crate::live::caller::{self, Caller};
use crate::live::conversation::Conversation;
use crate::live::counted::Counted;
use crate::live::origin;
use crate::trail::Trail;
use crate::{quota, tenant};

/// Where clients of the protocol look for it.
const PATH: &str = "/socket.io";

/// How long somebody may be there without having said who they are.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long a client may take to go on by WebSocket.
const UPGRADE_MAX: Duration = Duration::from_secs(10);

/// Packets that wait for one client, beside what its ear holds.
const PACKETS_MAX: usize = 64;

/// Bytes of what a client posts at once, or is told by one answer.
const PAYLOAD_BYTES_MAX: usize = 128 << 10;

/// Bytes that are read at once from one connection.
const READ_BUFFER_BYTES: usize = 4 << 10;

/// How long the goodbyes of a stopping host may take before connections are cut.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// Headers of a request that the protocol is about: for as long as the connection lasts, they are kept.
const HEADERS: [HeaderName; 7] = [
    CONNECTION,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    HOST,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
    UPGRADE,
];

/// Binary attachments of one message, of which no word has any.
const BINARIES_MAX: usize = 1;

/// The service of the protocol.
type Service =
    BoxCloneSyncService<Request<body::Body>, Response<body::Body>, std::convert::Infallible>;

/// Where clients of Socket.IO come in.
pub(crate) struct SocketIoDoor {
    service: Service,
    io: SocketIo,
    places: Arc<Semaphore>,
}

/// What is known of a session before it has said who it is.
struct Opening {
    tenant: TenantId,
    address: Option<IpAddr>,
    /// Whoever the handshake's header names.
    account: Option<Account>,
    /// What the client is to be told, between its admission and the moment that the protocol calls it connected.
    talk: Mutex<Option<Talk>>,
    _place: OwnedSemaphorePermit,
}

impl SocketIoDoor {
    /// A door to what `shared` leads to.
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let parser = ParserConfig::common()
            .max_incoming_binaries(BINARIES_MAX)
            .max_incoming_binary_buf_size(LIVE_MESSAGE_BYTES_MAX);
        let times = shared.config.live;
        let pong_ms_max = times.silent_ms_max.saturating_sub(times.ping_ms_every);
        let (service, io) = SocketIo::builder()
            .req_path(PATH)
            .with_parser(parser)
            .ping_interval(Duration::from_millis(times.ping_ms_every))
            .ping_timeout(Duration::from_millis(pong_ms_max))
            .connect_timeout(CONNECT_MAX)
            .upgrade_timeout(UPGRADE_MAX)
            .max_buffer_size(PACKETS_MAX)
            .max_payload(PAYLOAD_BYTES_MAX as u64)
            .ws_max_message_size(LIVE_MESSAGE_BYTES_MAX)
            .ws_max_frame_size(LIVE_MESSAGE_BYTES_MAX)
            .ws_read_buffer_size(READ_BUFFER_BYTES)
            .build_svc();
        let knows = Arc::clone(shared);
        let admit = move |socket: SocketRef, TryData(auth): TryData<Auth>| {
            let shared = Arc::clone(&knows);
            async move {
                admit(&shared, &socket, auth.unwrap_or_default())
                    .await
                    .map_err(Refused)
            }
        };
        let connected = |socket: SocketRef| {
            let opening = opening(&socket);
            let talk = opening.and_then(|opening| locked(&opening.talk).take());
            if let Some(talk) = talk {
                talk.begin(socket);
            }
            ready(())
        };
        io.ns("/", connected.with(admit));
        let service = tower::ServiceExt::<Request<body::Body>>::map_response(
            service,
            |response: Response<_>| response.map(body::Body::new),
        );
        Self {
            service: Service::new(service),
            io,
            places: Arc::new(Semaphore::new(shared.config.connections_max as usize)),
        }
    }

    /// Answers one request of the protocol below.
    pub(crate) async fn serve(
        &self,
        shared: &Shared,
        head: &Parts,
        body: Body,
        trail: &mut Trail,
    ) -> Answer {
        let query = head.uri.query().unwrap_or_default();
        let has = |wanted: &str| query.split('&').any(|part| part.starts_with(wanted));
        // Of an open connection there is a request for every message: they count as pictures of a page do.
        let is_open = has("sid=");
        let class = if is_open {
            RouteClass::Files
        } else {
            RouteClass::Default
        };
        quota::count_address(shared, class, trail).await?;
        let upgrade = head.extensions.get::<OnUpgrade>().cloned();
        if has("transport=websocket") {
            origin::check(head, &shared.config)?;
            if upgrade.is_none() {
                let detail = "Ask for a WebSocket here (RFC 6455).";
                return Err(Problem::new(426, "upgrade-required", detail));
            }
        }
        let bytes_max = PAYLOAD_BYTES_MAX.min(shared.config.body_bytes_max);
        let body = body.read_at_most(bytes_max, &shared.config).await?;
        let mut request = Request::builder()
            .method(&head.method)
            .uri(&head.uri)
            .body(body::Body::from(body))
            .map_err(|error| Problem::internal(error.to_string()))?;
        for name in HEADERS {
            if let Some(value) = head.headers.get(&name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        let extensions = request.extensions_mut();
        if let Some(upgrade) = upgrade {
            extensions.insert(upgrade);
        }
        if !is_open {
            let opening = self.opening(shared, head, trail).await?;
            extensions.insert(Arc::new(opening));
        }
        let Ok(response) = self.service.clone().oneshot(request).await;
        let (head, body) = response.into_parts();
        let body = body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Response::from_parts(head, Content::from(body)))
    }

    /// Says goodbye to everybody who has heard that the host stops, then cuts what is left.
    pub(crate) async fn close(&self) {
        tokio::time::sleep(GOODBYE_MAX).await;
        self.io.close().await;
    }

    async fn opening(
        &self,
        shared: &Shared,
        head: &Parts,
        trail: &mut Trail,
    ) -> Result<Opening, Problem> {
        let account = caller::account(shared, head).await?;
        quota::count_organization(shared, account.as_ref(), trail).await?;
        let tenant = tenant::of(account.as_ref(), head, shared).await?;
        trail.tenant = Some(tenant.clone());
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| {
            Problem::unavailable(
                RETRY_AFTER_S,
                "as many Socket.IO sessions as connections may be",
            )
        })?;
        Ok(Opening {
            tenant,
            address: trail.address,
            account,
            talk: Mutex::new(None),
            _place: place,
        })
    }
}

/// Finds out who connects, and joins what they are greeted with.
async fn admit(shared: &Arc<Shared>, socket: &SocketRef, auth: Auth) -> Result<(), Problem> {
    let opening = opening(socket).ok_or_else(Problem::unauthenticated)?;
    // One session may try as often as it likes.
    quota::count_introduction(shared, opening.address).await?;
    let account = match (&auth.token, &auth.ticket, &opening.account) {
        (Some(token), _, _) => caller::by_token(shared, token).await?,
        (None, Some(ticket), _) => caller::by_ticket(shared, ticket).await?,
        (None, None, Some(account)) => account.clone(),
        (None, None, None) => return Err(Problem::unauthenticated()),
    };
    let tenant = account.tenant.as_ref().unwrap_or(&opening.tenant).clone();
    let conversation = Conversation::open(
        shared,
        Caller {
            account,
            tenant,
            address: opening.address,
        },
    )?;
    let mut talk = Talk {
        shared: Arc::clone(shared),
        conversation,
        welcomes: Vec::new(),
        counted: Counted::open("socket.io"),
    };
    greet(&mut talk, &auth).await;
    *locked(&opening.talk) = Some(talk);
    Ok(())
}

/// Joins every channel that greets, as far as the account may. One that it may not is none of its own.
async fn greet(talk: &mut Talk, auth: &Auth) {
    let plugins = &talk.shared.ports.plugins;
    let snapshot = plugins.snapshot_for(talk.conversation.tenant());
    let channels = snapshot.channels();
    for channel in channels.iter().filter(|channel| channel.greet) {
        let Some(name) = channel.of_account(talk.conversation.account()) else {
            continue;
        };
        let after = auth.after.get(&name).copied();
        let id = talk.conversation.fresh_id();
        match talk.conversation.join(&id, &name, after).await {
            Ok(welcome) => talk.welcomes.push(welcome),
            Err(problem) => tracing::debug!(channel = name, %problem, "not greeted"),
        }
    }
}

fn opening(socket: &SocketRef) -> Option<Arc<Opening>> {
    socket.req_parts().extensions.get().cloned()
}

fn locked(talk: &Mutex<Option<Talk>>) -> std::sync::MutexGuard<'_, Option<Talk>> {
    talk.lock().unwrap_or_else(PoisonError::into_inner)
}
