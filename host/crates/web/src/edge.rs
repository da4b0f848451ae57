//! The edge as a whole: a request goes in, its answer comes out, whatever happens in between.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::FutureExt;
use http::request::Parts;
use http::{Request, Response};
use stoa_kernel::clock::Clock;
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Authenticator;
use stoa_kernel::live::Live;
use stoa_kernel::plugins::Plugins;
use stoa_kernel::quota::{OrganizationQuota, Quotas};
use stoa_kernel::random::Random;
use stoa_kernel::routing::Routes;
use stoa_kernel::service::Service;
use stoa_kernel::status::Part;
use stoa_kernel::store::Store;
use stoa_kernel::wit::Route;
use tracing::{Instrument as _, Span};

use crate::body::Body;
use crate::config::EdgeConfig;
use crate::content::Content;
use crate::live::{self, SocketIoDoor};
use crate::meters::{Meters, Metrics};
use crate::openapi;
use crate::router::HostRouter;
use crate::trail::{Pattern, Trail};
use crate::{
    access_log, client, cors, dispatch, finish, method, problem, quota, request_id, spans,
};

/// What a request comes to: an answer, or a problem that becomes one.
pub(crate) type Answer = Result<Response<Content>, Problem>;

/// Through these the edge reaches the rest of the host.
#[derive(Clone)]
pub struct Ports {
    /// The plugins that are live.
    pub plugins: Arc<dyn Plugins>,
    /// For `/health` alone: requests reach the store through their plugin.
    pub store: Arc<dyn Store>,
    /// Finds out who calls.
    pub identity: Arc<dyn Authenticator>,
    /// Parts of the host with routes of their own.
    pub services: Vec<Arc<dyn Service>>,
    /// The channels of all hosts.
    pub live: Arc<dyn Live>,
    /// Counts requests; none when nobody is limited.
    pub quotas: Option<Arc<dyn Quotas>>,
    /// What organisations' plans grant; none when [`EdgeConfig::limits`] is for all of them.
    pub organization_quota: Option<Arc<dyn OrganizationQuota>>,
    /// What else `/health` tells of.
    pub parts: Vec<Arc<dyn Part>>,
    /// Dates request ids.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids and sessions.
    pub random: Arc<dyn Random>,
}

/// What the host's own handlers work with.
pub(crate) struct Shared {
    pub config: EdgeConfig,
    pub ports: Ports,
    pub services: Routes<Arc<dyn Service>>,
    pub openapi: openapi::Cache,
    pub metrics: Option<Metrics>,
}

/// The edge.
pub struct Edge {
    pub(crate) shared: Arc<Shared>,
    pub(crate) socket_io: SocketIoDoor,
    hosts: HostRouter,
    meters: Meters,
}

impl Edge {
    /// An edge in front of these ports. Installs the recorder of [`Metrics`] if nobody has done so yet.
    #[must_use]
    pub fn new(config: EdgeConfig, ports: Ports) -> Arc<Self> {
        let metrics = Metrics::install();
        if let Err(error) = &metrics {
            tracing::error!(%error, "there will be no metrics");
        }
        let shared = Arc::new(Shared {
            services: service_routes(&ports.services),
            config,
            ports,
            openapi: openapi::Cache::default(),
            metrics: metrics.ok(),
        });
        let hosts = HostRouter::new(&shared);
        Arc::new(Self {
            socket_io: SocketIoDoor::new(&shared),
            shared,
            hosts,
            meters: Meters::default(),
        })
    }

    /// Every route of services and plugins at this moment, with its owner's name.
    #[must_use]
    pub fn routes(&self) -> Vec<(String, Arc<Route>)> {
        let of_services = self.shared.services.entries().map(|entry| {
            let owner = entry.owner.package().manifest.name.clone();
            (owner, Arc::clone(&entry.route))
        });
        let packages = self.shared.ports.plugins.snapshot().packages();
        let of_plugins = packages.iter().flat_map(|package| {
            let manifest = &package.manifest;
            let routes = manifest.routes.iter().cloned().map(Arc::new);
            routes.map(|route| (manifest.name.clone(), route))
        });
        of_services.chain(of_plugins).collect()
    }

    /// Answers a request in the process, through everything but the connection.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let (head, content) = self.answer(head, Body::Memory(body)).await.into_parts();
        // The head is gone already when a client on a connection meets such an error, too.
        let body = content.collect().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "an answer ends early");
            Bytes::new()
        });
        Response::from_parts(head, body)
    }

    /// Answers a request. A panic on the way is a problem like any other.
    pub(crate) async fn answer(&self, head: Parts, body: Body) -> Response<Content> {
        let span = spans::open(&head);
        let answered = self.answer_in(&span, head, body);
        answered.instrument(span.clone()).await
    }

    async fn answer_in(&self, span: &Span, head: Parts, body: Body) -> Response<Content> {
        let started = Instant::now();
        let mut trail = Trail::new(
            request_id::of(&head.headers, &self.shared.ports),
            client::address(&head, &self.shared.config),
        );
        let routed = AssertUnwindSafe(self.route(&head, body, &mut trail))
            .catch_unwind()
            .await;
        let answer = routed.unwrap_or_else(|panic| Err(Problem::internal(panic_text(&*panic))));
        let response = answer.unwrap_or_else(|problem| problem::response(problem, &mut trail));
        let response = finish::finish(&self.shared.config, &head, &trail, response).await;
        let took = started.elapsed();
        let status = response.status();
        let route = trail.pattern.as_str();
        self.meters.record(
            method::label(&head.method),
            route,
            status.as_u16(),
            took.as_secs_f64(),
        );
        access_log::write(&head, &trail, status, took);
        spans::close(span, &head, &trail, status);
        response
    }

    /// The host's own routes come before the plugins': no plugin can stand in front of `/health`.
    async fn route(&self, head: &Parts, body: Body, trail: &mut Trail) -> Answer {
        let query_bytes_max = self.shared.config.query_bytes_max;
        if head
            .uri
            .query()
            .is_some_and(|query| query.len() > query_bytes_max)
        {
            let detail = format!("A query has at most {query_bytes_max} bytes.");
            return Err(Problem::new(414, "query-too-long", detail));
        }
        if cors::is_preflight(head) {
            return Ok(cors::preflight());
        }
        match self.hosts.find(head.uri.path()) {
            Some(host) => {
                trail.pattern = Pattern::Host(host.pattern);
                if let Some(door) = host.door {
                    return live::open(self, door, host, head, body, trail).await;
                }
                if let Some(class) = host.class {
                    quota::count_address(&self.shared, class, trail).await?;
                }
                self.hosts
                    .serve(&self.shared.config, host, head, body, trail)
                    .await
            }
            None => dispatch::dispatch(&self.shared, head, body, trail).await,
        }
    }
}

/// The routes of these services. One that clashes is left out and shows up in the log: the contract test knows
/// every route that has to be there.
fn service_routes(services: &[Arc<dyn Service>]) -> Routes<Arc<dyn Service>> {
    let mut routes = Routes::default();
    for service in services {
        for route in &service.package().manifest.routes {
            if let Err(clash) = routes.add(Arc::clone(service), &Arc::new(route.clone())) {
                tracing::error!(%clash, "a service's route is left out");
            }
        }
    }
    routes
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("of an unknown kind"))
}
