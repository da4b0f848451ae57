//! A request's way to a plugin and back.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use stoa_kernel::call;
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Principal;
use stoa_kernel::plugins::{Lookup, Matched, Snapshot};

use crate::body::Body;
use crate::config::EdgeConfig;
use crate::edge::{Answer, Shared};
use crate::trail::{Pattern, Trail};
use crate::{auth, headers, idempotency, json, method, session, tenant};

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Bytes of a failed answer's body that reach the log.
const LOGGED_BYTES_MAX: usize = 1 << 10;

/// Finds out who calls, for which tenant and which plugin, and lets the plugin answer. Everything that can
/// be refused by the head alone is refused before the body is read.
pub(crate) async fn dispatch(
    shared: &Shared,
    head: &Parts,
    body: Body,
    trail: &mut Trail,
) -> Answer {
    let Shared { config, ports, .. } = shared;
    let account = auth::account(&head.headers, &*ports.tokens)?;
    let tenant = tenant::of(account.as_ref(), head, config)?;
    trail.tenant = Some(tenant.clone());
    let session = session::sent(&head.headers, &config.session_cookie)?;

    let snapshot = ports.plugins.snapshot();
    let mut matched = match snapshot.find(method::routed(&head.method).as_str(), head.uri.path()) {
        Lookup::Found(matched) => matched,
        Lookup::OtherMethods(known) => return Ok(method::other(&head.method, &known, trail)),
        Lookup::Missing => return Err(Problem::not_found()),
    };
    trail.plugin = Some(matched.plugin.clone());
    trail.pattern = Pattern::Plugin(matched.route.clone());

    let mut principal = Principal { account, session };
    let fresh = session::fresh(&principal, &matched.route, &*ports.random);
    if fresh.is_some() {
        principal.session.clone_from(&fresh);
    }
    principal
        .may_call(&matched.route.callers)
        .map_err(auth::denied)?;
    if matched.route.request.is_some() && !body.is_empty() {
        json::expect(&head.headers)?;
    }

    let body = body.read(config).await?;
    let request = call::Request {
        id: trail.id.clone(),
        tenant,
        params: std::mem::take(&mut matched.params),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers::for_guest(&head.headers),
        idempotency: idempotency::key(head, &principal, &body)?,
        principal,
        body,
    };
    let mut response = into_http(handle(config, &*snapshot, &matched, request).await?)?;
    if let Some(session) = fresh {
        session::tell(&mut response, &session, config);
    }
    Ok(response)
}

/// The plugin's own limit of time ends it sooner; this one is for what happens around it.
async fn handle(
    config: &EdgeConfig,
    snapshot: &dyn Snapshot,
    matched: &Matched,
    request: call::Request,
) -> Result<call::Response, Problem> {
    let within = Duration::from_millis(config.request_ms_max);
    match tokio::time::timeout(within, snapshot.handle(matched, request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Problem::new(504, "timeout", "The answer took too long.")),
    }
}

fn into_http(answer: call::Response) -> Result<Response<Bytes>, Problem> {
    let status = match StatusCode::from_u16(answer.status) {
        Ok(status) if !status.is_informational() && !status.is_server_error() => status,
        _ => return Err(failed(&answer)),
    };
    let mut response = Response::new(answer.body);
    *response.status_mut() = status;
    headers::from_guest(response.headers_mut(), answer.headers);
    if answer.replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// A plugin that answers a failure of its own: what it says about it is for the operator.
fn failed(answer: &call::Response) -> Problem {
    let status = if answer.status < 500 {
        502
    } else {
        answer.status
    };
    let said = answer.body.get(..LOGGED_BYTES_MAX).unwrap_or(&answer.body);
    Problem::new(
        status,
        "plugin-error",
        format!("The plugin answered {}.", answer.status),
    )
    .because(String::from_utf8_lossy(said))
}
