//! A request's way to a plugin or service and back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, RANGE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use stoa_kernel::call::{self, Source};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Principal;
use stoa_kernel::plugins::{Matched, Snapshot};
use stoa_kernel::routing::Lookup;
use stoa_kernel::service::Service;
use stoa_kernel::wit::{Bearer, RouteClass};

use crate::body::Body;
use crate::config::EdgeConfig;
use crate::content::Content;
use crate::edge::{Answer, Shared};
use crate::live;
use crate::trail::{Pattern, Trail};
use crate::{auth, headers, idempotency, json, method, quota, session, tenant};

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// Bytes of a failed answer's body that reach the log.
const LOGGED_BYTES_MAX: usize = 1 << 10;

/// Who answers a request.
enum Target {
    /// A part of the host.
    Service(Arc<dyn Service>),
    /// A plugin of this snapshot.
    Plugin(Arc<dyn Snapshot>),
}

impl Target {
    /// Whoever takes and gives the bodies of this handler piece by piece.
    fn streams(&self, handler: &str) -> Option<Arc<dyn Service>> {
        match self {
            Self::Service(service) if service.streams(handler) => Some(Arc::clone(service)),
            Self::Service(_) | Self::Plugin(_) => None,
        }
    }
}

/// Finds out who calls, for which tenant and which route, and lets its owner answer. Everything that can
/// be refused by the head alone is refused before the body is read.
pub(crate) async fn dispatch(
    shared: &Arc<Shared>,
    head: &Parts,
    body: Body,
    trail: &mut Trail,
) -> Answer {
    let Shared { config, ports, .. } = &**shared;
    let (mut lookup, mut target) = find(
        shared,
        method::routed(&head.method).as_str(),
        head.uri.path(),
    );
    if let (Lookup::Missing, Target::Plugin(snapshot)) = (&lookup, &target) {
        if let Some(channel) = live::by_path(&**snapshot, head.uri.path()) {
            return live::open_channel(shared, channel, head, trail).await;
        }
        if live::asks_for_socket(head) {
            return live::open_of_tenant(shared, head, trail).await;
        }
    }
    let (class, bearer) = follow(&lookup, trail);
    quota::count_address(shared, class, trail).await?;

    let bearer = of_addressed(shared, &target, head).unwrap_or(bearer);
    let mut account = auth::account(&head.headers, bearer, &*ports.identity).await?;
    quota::count_organization(shared, account.as_ref(), trail).await?;
    let tenant = tenant::of(account.as_ref(), head, shared).await?;
    trail.tenant = Some(tenant.clone());
    if let Some(own) = target.of_tenant(shared, &tenant) {
        if let Some(channel) = live::by_path(&*own, head.uri.path()) {
            return live::open_channel(shared, channel, head, trail).await;
        }
        (lookup, target) = find_in(shared, own, head);
        let (own_class, own_bearer) = follow(&lookup, trail);
        if own_class != class {
            quota::count_address(shared, own_class, trail).await?;
        }
        if own_bearer == Bearer::Ignored {
            account = None;
        }
    }
    let session = session::sent(&head.headers, config)?;
    let mut matched = match lookup {
        Lookup::Found(matched) => matched,
        Lookup::OtherMethods(known) => return Ok(method::other(&head.method, &known, trail)),
        Lookup::Missing => return Err(Problem::not_found()),
    };

    let mut principal = Principal { account, session };
    let fresh = session::fresh(&principal, &matched.route, &*ports.random);
    if fresh.is_some() {
        principal.session.clone_from(&fresh);
    }
    principal
        .may_call(&matched.plugin, &matched.route)
        .map_err(auth::denied)?;
    if matched.route.request.is_some() && !body.is_empty() {
        json::expect(&head.headers)?;
    }

    let (body, streamed) = match target.streams(&matched.route.handler) {
        Some(service) => (Bytes::new(), Some((service, body.on_its_way()))),
        None => (body.read(config).await?, None),
    };
    let request = call::Request {
        id: trail.id.clone(),
        address: trail.address,
        params: std::mem::take(&mut matched.params),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: match &target {
            Target::Service(_) => headers::for_service(&head.headers),
            Target::Plugin(_) => headers::for_guest(&head.headers),
        },
        cause: None,
        idempotency: idempotency::key(head, &matched.route, &tenant, &principal, &body)?,
        tenant,
        principal,
        body,
    };
    let answer = match streamed {
        Some((service, body)) => stream(&*service, head, &matched, request, body).await?,
        None => handle(config, &target, &matched, request).await?.into(),
    };
    let mut response = into_http(answer, &target)?;
    if let Some(session) = fresh {
        session::tell(&mut response, &session, config);
    }
    Ok(response)
}

impl Target {
    /// The set that serves a tenant in place of this one, if it has one.
    fn of_tenant(&self, shared: &Shared, tenant: &TenantId) -> Option<Arc<dyn Snapshot>> {
        let Self::Plugin(snapshot) = self else {
            return None;
        };
        let own = shared.ports.plugins.snapshot_for(tenant);
        let is_same = std::ptr::addr_eq(Arc::as_ptr(snapshot), Arc::as_ptr(&own));
        (!is_same).then_some(own)
    }
}

/// What a bearer has to be where the request addresses a tenant that has versions of its own: theirs say it, since a
/// credential of somebody else's tells no tenant.
fn of_addressed(shared: &Shared, target: &Target, head: &Parts) -> Option<Bearer> {
    if !head.headers.contains_key(AUTHORIZATION) {
        return None;
    }
    let addressed = tenant::addressed(head, &shared.config)?;
    let own = target.of_tenant(shared, &addressed)?;
    match find_in(shared, own, head).0 {
        Lookup::Found(matched) => Some(matched.route.bearer),
        Lookup::OtherMethods(_) | Lookup::Missing => None,
    }
}

/// Notes what a path leads to; answers which quota a request for it counts against, and what its bearer has to be.
fn follow(lookup: &Lookup, trail: &mut Trail) -> (RouteClass, Bearer) {
    let Lookup::Found(matched) = lookup else {
        return Default::default();
    };
    trail.plugin = Some(matched.plugin.clone());
    trail.pattern = Pattern::Plugin(matched.route.clone());
    (matched.route.class, matched.route.bearer)
}

/// Services come first: no plugin can stand in front of them.
fn find(shared: &Shared, method: &str, path: &str) -> (Lookup, Target) {
    let name = |service: &Arc<dyn Service>| service.package().manifest.name.as_str().into();
    let lookup = shared.services.find(method, path, name);
    if let Lookup::Found(matched) = &lookup
        && let Some(entry) = shared.services.get(matched.key)
    {
        let service = Arc::clone(&entry.owner);
        return (lookup, Target::Service(service));
    }
    find_beside(lookup, shared.ports.plugins.snapshot(), method, path)
}

/// The same among the plugins of one tenant.
fn find_in(shared: &Shared, snapshot: Arc<dyn Snapshot>, head: &Parts) -> (Lookup, Target) {
    let (method, path) = (method::routed(&head.method).as_str(), head.uri.path());
    let name = |service: &Arc<dyn Service>| service.package().manifest.name.as_str().into();
    let of_services = shared.services.find(method, path, name);
    find_beside(of_services, snapshot, method, path)
}

/// Finds a plugin where no service of the host answers.
fn find_beside(
    of_services: Lookup,
    snapshot: Arc<dyn Snapshot>,
    method: &str,
    path: &str,
) -> (Lookup, Target) {
    let of_plugins = snapshot.find(method, path);
    let target = Target::Plugin(snapshot);
    match (of_services, of_plugins) {
        (Lookup::OtherMethods(mut known), Lookup::OtherMethods(more)) => {
            known.extend(more);
            known.sort_unstable();
            known.dedup();
            (Lookup::OtherMethods(known), target)
        }
        (Lookup::OtherMethods(known), Lookup::Missing) => (Lookup::OtherMethods(known), target),
        (_, of_plugins) => (of_plugins, target),
    }
}

/// The plugin's own limit of time ends it sooner; this one is for what happens around it.
async fn handle(
    config: &EdgeConfig,
    target: &Target,
    matched: &Matched,
    request: call::Request,
) -> Result<call::Response, Problem> {
    let within = Duration::from_millis(config.request_ms_max);
    let answered = async {
        match target {
            Target::Service(service) => service.handle(&matched.route.handler, request).await,
            Target::Plugin(snapshot) => snapshot.handle(matched, request).await,
        }
    };
    match tokio::time::timeout(within, answered).await {
        Ok(answer) => answer,
        Err(_) => Err(Problem::new(504, "timeout", "The answer took too long.")),
    }
}

/// A body as large as that has limits of time of its own.
async fn stream(
    service: &dyn Service,
    head: &Parts,
    matched: &Matched,
    mut request: call::Request,
    body: call::Incoming,
) -> Result<call::Streamed, Problem> {
    if head.method == Method::HEAD {
        // Ranges are for GET alone (RFC 9110, 14.2).
        request.headers.retain(|(name, _)| name != RANGE.as_str());
    }
    let handler = &matched.route.handler;
    service.stream(handler, request, body).await
}

fn into_http(answer: call::Streamed, from: &Target) -> Result<Response<Content>, Problem> {
    let status = match StatusCode::from_u16(answer.status) {
        Ok(status) if !status.is_informational() && !status.is_server_error() => status,
        _ => return Err(failed(&answer)),
    };
    let mut response = Response::new(Content::from(answer.content));
    *response.status_mut() = status;
    match from {
        Target::Service(_) => headers::from_service(response.headers_mut(), answer.headers),
        Target::Plugin(_) => headers::from_guest(response.headers_mut(), answer.headers),
    }
    match answer.source {
        Source::Handler => {}
        Source::Replay => {
            let yes = HeaderValue::from_static("true");
            response.headers_mut().insert(REPLAYED, yes);
        }
        Source::Memory => {
            let hit = HeaderValue::from_static("Stoa; hit");
            response.headers_mut().insert(CACHE_STATUS, hit);
        }
    }
    Ok(response)
}

/// A plugin that answers a failure of its own: what it says about it is for the operator.
fn failed(answer: &call::Streamed) -> Problem {
    let status = if answer.status < 500 {
        502
    } else {
        answer.status
    };
    let said = match &answer.content {
        call::Content::Bytes(body) => body.get(..LOGGED_BYTES_MAX).unwrap_or(body),
        call::Content::Stream { .. } => b"(streamed)",
    };
    Problem::new(
        status,
        "plugin-error",
        format!("The plugin answered {}.", answer.status),
    )
    .because(String::from_utf8_lossy(said))
}
