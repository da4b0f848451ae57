//! The host's own routes: one flat table.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use serde_json::Value;
use stoa_kernel::error::Problem;
use stoa_kernel::wit::{Caller, RouteClass};
use tower::ServiceExt;

use crate::body::Body;
use crate::config::EdgeConfig;
use crate::content::Content;
use crate::edge::{Answer, Shared};
use crate::live::Door;
use crate::method;
use crate::routes::{docs, health, metrics, native, openapi, tickets, token};
use crate::trail::Trail;

/// Whoever is signed in, by whatever role.
const ACCOUNTS: &[Caller] = &[Caller::User];

/// One route of the host.
pub(crate) struct HostRoute {
    pub method: Method,
    pub path: &'static str,
    /// One sentence for the API document; none keeps the route out of it.
    pub summary: Option<&'static str>,
    /// Media type of a good answer.
    pub answers: &'static str,
    /// Status of a good answer.
    pub status: u16,
    /// Whose token has to come along; nobody's if empty.
    pub callers: &'static [Caller],
    /// JSON Schema of the request's body.
    pub request: Option<fn() -> Value>,
    /// Which quota its requests count against; none for what operators and machines look at all the time.
    class: Option<RouteClass>,
    handler: Handler,
}

/// What answers.
#[derive(Clone)]
enum Handler {
    /// A function, at once.
    Page(Box<MethodRouter<Arc<Shared>>>),
    /// A connection that stays.
    Live(Door),
}

/// Every route that the host has under this configuration.
pub(crate) fn table(config: &EdgeConfig) -> Vec<HostRoute> {
    let mut table = vec![
        page("/health", "application/json", get(health::show))
            .listed("Tells how the host's parts are."),
        page("/metrics", "text/plain", get(metrics::show))
            .listed("Everything that is counted, for Prometheus."),
        counted_page("/openapi.json", "application/json", get(openapi::show))
            .listed("This document, of what serves the caller's tenant."),
        counted_page("/docs", "text/html", get(docs::page)).listed("This document as a page."),
        counted_page("/docs/", "text/html", get(docs::page)),
        counted_page("/docs/{*file}", "text/html", get(docs::asset)),
    ];
    table.extend(live());
    if config.dev_tokens {
        let route = HostRoute {
            method: Method::POST,
            class: Some(RouteClass::SignIn),
            ..page("/auth/token", "application/json", post(token::issue))
        };
        let summary = "Gives an access token to anybody who asks: for development only.";
        table.push(HostRoute {
            request: Some(token::schema),
            ..route.listed(summary)
        });
    }
    if config.demo_native {
        table.push(HostRoute {
            class: Some(RouteClass::Default),
            ..page("/bench/native", "application/json", get(native::hello))
        });
    }
    table
}

/// Where live updates begin.
fn live() -> Vec<HostRoute> {
    let door = |path, answers, door| HostRoute {
        handler: Handler::Live(door),
        ..page(path, answers, MethodRouter::new())
    };
    let ticket = HostRoute {
        method: Method::POST,
        class: Some(RouteClass::Default),
        callers: ACCOUNTS,
        ..page(
            "/api/live/tickets",
            "application/json",
            post(tickets::issue),
        )
    };
    let socket_io = |method, path| HostRoute {
        method,
        ..door(path, "text/plain", Door::SocketIo)
    };
    let socket = HostRoute {
        callers: ACCOUNTS,
        ..door("/api/live", "application/json", Door::Socket)
    };
    let events = HostRoute {
        callers: ACCOUNTS,
        ..door("/api/live/events", "text/event-stream", Door::Events)
    };
    vec![
        HostRoute {
            status: 101,
            ..socket.listed("Live updates by WebSocket (subprotocol stoa.v1): JSON frames join, leave, say and ping.")
        },
        events.listed("Live updates as server-sent events, of every `channel` of the query."),
        ticket.listed("Gives a ticket that opens one connection for live updates, for clients that send no header."),
        socket_io(Method::GET, "/socket.io/")
            .listed("Live updates by Socket.IO, whose clients show an access token as `auth.token`."),
        socket_io(Method::POST, "/socket.io/"),
        socket_io(Method::GET, "/socket.io"),
        socket_io(Method::POST, "/socket.io"),
    ]
}

/// A `GET` route that the API document does not list and that is not counted.
fn page(
    path: &'static str,
    answers: &'static str,
    handler: MethodRouter<Arc<Shared>>,
) -> HostRoute {
    HostRoute {
        method: Method::GET,
        path,
        summary: None,
        answers,
        request: None,
        status: 200,
        callers: &[],
        class: None,
        handler: Handler::Page(Box::new(handler)),
    }
}

/// A page that is large, and that nobody has to look at all the time: it counts as a file.
fn counted_page(
    path: &'static str,
    answers: &'static str,
    handler: MethodRouter<Arc<Shared>>,
) -> HostRoute {
    HostRoute {
        class: Some(RouteClass::Files),
        ..page(path, answers, handler)
    }
}

/// The routes under their paths.
fn by_path(table: Vec<HostRoute>) -> BTreeMap<&'static str, Vec<HostRoute>> {
    let mut paths = BTreeMap::<_, Vec<_>>::new();
    for route in table {
        paths.entry(route.path).or_default().push(route);
    }
    paths
}

impl Handler {
    const fn door(&self) -> Option<Door> {
        match self {
            Self::Page(_) => None,
            Self::Live(door) => Some(*door),
        }
    }
}

impl HostRoute {
    fn listed(self, summary: &'static str) -> Self {
        Self {
            summary: Some(summary),
            ..self
        }
    }
}

/// A path of the host and the methods it has.
pub(crate) struct HostPath {
    pub pattern: &'static str,
    /// See [`HostRoute::class`].
    pub class: Option<RouteClass>,
    /// Where live updates begin, if they do here.
    pub door: Option<Door>,
    methods: Vec<&'static str>,
}

impl HostPath {
    /// The answer to a method that it does not have.
    pub(crate) fn refuse(&self, head: &Parts, trail: &mut Trail) -> Option<Response<Content>> {
        let asked = method::routed(&head.method).as_str();
        let is_known = self.methods.contains(&asked);
        (!is_known).then(|| method::other(&head.method, &self.methods, trail))
    }
}

/// Finds and serves the host's routes.
pub(crate) struct HostRouter {
    paths: matchit::Router<HostPath>,
    axum: axum::Router,
}

impl HostRouter {
    /// The router of the table.
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let mut paths = matchit::Router::new();
        let mut axum = axum::Router::new();
        for (pattern, routes) in by_path(table(&shared.config)) {
            let path = HostPath {
                pattern,
                class: routes.iter().find_map(|route| route.class),
                door: routes.iter().find_map(|route| route.handler.door()),
                methods: routes
                    .iter()
                    .map(|route| method::label(&route.method))
                    .collect(),
            };
            if let Err(error) = paths.insert(pattern, path) {
                tracing::error!(route = pattern, %error, "a host route clashes with another");
                continue;
            }
            for route in routes {
                if let Handler::Page(handler) = route.handler {
                    axum = axum.route(pattern, *handler);
                }
            }
        }
        Self {
            paths,
            axum: axum.with_state(Arc::clone(shared)),
        }
    }

    /// The host's own path, if it is one.
    pub(crate) fn find(&self, path: &str) -> Option<&HostPath> {
        self.paths.at(path).ok().map(|found| found.value)
    }

    /// Lets the handler answer.
    pub(crate) async fn serve(
        &self,
        config: &EdgeConfig,
        host: &HostPath,
        head: &Parts,
        body: Body,
        trail: &mut Trail,
    ) -> Answer {
        if let Some(refusal) = host.refuse(head, trail) {
            return Ok(refusal);
        }
        // A page has no use for a body, and nobody counts who asks for pages: nothing is kept for them.
        let body = match *method::routed(&head.method) {
            Method::GET => Bytes::new(),
            _ => body.read(config).await?,
        };
        let mut request = Request::from_parts(head.clone(), axum::body::Body::from(body));
        // The edge itself keeps a HEAD's body back, once it knows its length.
        *request.method_mut() = method::routed(&head.method).clone();
        let within = Duration::from_millis(config.request_ms_max);
        let Ok(answered) = tokio::time::timeout(within, self.axum.clone().oneshot(request)).await
        else {
            return Err(Problem::new(504, "timeout", "The answer took too long."));
        };
        let Ok(mut response) = answered;
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            return Err(problem);
        }
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Response::from_parts(head, body.into()))
    }
}
