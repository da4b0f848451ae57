//! `stoa:http/outbound`.

use std::time::{Duration, Instant};

use bytes::Bytes;
use stoa_kernel::outbound::{
    BODY_BYTES_MAX, HEADERS_MAX, OutboundAnswer, OutboundError, OutboundRequest, PURPOSE_BYTES_MAX,
    REQUESTS_PER_RUN_MAX, is_header, join,
};
use stoa_kernel::random::ulid;

use crate::bindings::stoa::http::outbound::{Error, Host, Method, Request, Response};
use crate::calls_out::{Asked, Purpose, Question, Ticket, Told, digest};
use crate::reach::{Reach, Service};
use crate::scope::Scope;
use crate::state::State;

/// What is left of the run's time after an answer that does not come: enough to note that the outcome is unknown.
const REACTION: Duration = Duration::from_millis(250);

impl Host for State {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let scope = self.charge(bytes_of(&request))?;
        let reach = &self.revision.reach;
        let Some(service) = reach.service(&request.service) else {
            return Ok(Err(Error::Denied(format!(
                "plugin.toml lists no service {:?} under outbound, or the operator withholds it",
                request.service
            ))));
        };
        let ready = match ready(reach, service, &request) {
            Ok(ready) => ready,
            Err(error) => return Ok(Err(error)),
        };
        let told = match scope
            .outside
            .calls
            .ask(question(&self.revision.name, &request))
        {
            Asked::Before(told) => told,
            Asked::TooMany => Err(OutboundError::Limit(format!(
                "more than {REQUESTS_PER_RUN_MAX} requests"
            ))),
            Asked::Now(ticket) => {
                let ready = self.with_key(&scope, service, &request, ready, &ticket);
                let told = send(&scope, reach, ready).await;
                scope.outside.calls.remember(&ticket, &told);
                told
            }
        };
        Ok(match told {
            Ok(answer) => {
                let answer = response(answer);
                let headers = answer.headers.iter();
                let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
                self.charge_bytes(headers + answer.body.len())?;
                Ok(answer)
            }
            Err(error) => Err(refusal(error)),
        })
    }
}

impl State {
    /// Adds the idempotency key, if the service takes one. What only reads needs none.
    fn with_key(
        &self,
        scope: &Scope,
        service: &Service,
        request: &Request,
        mut ready: OutboundRequest,
        ticket: &Ticket,
    ) -> OutboundRequest {
        let header = service.manifest.idempotency_header.as_ref();
        if let Some(header) = header.filter(|_| request.method != Method::Get) {
            let purpose = Purpose {
                tenant: scope.request.tenant.as_str(),
                plugin: &self.revision.name,
                cause: &cause(scope),
                service: &request.service,
                purpose: &request.purpose,
            };
            let key = purpose.key(ticket.place);
            ready.headers.push((header.clone(), key));
        }
        ready
    }
}

/// What the run is for: a client's own key, or an event or turn. A request that has neither is never repeated as
/// the same; its id does not count, because clients may choose that.
fn cause(scope: &Scope) -> String {
    let request = &scope.request;
    match (&request.idempotency, &request.cause) {
        (Some(key), _) => format!("key:{}", key.id),
        (None, Some(cause)) => format!("cause:{cause}"),
        (None, None) => {
            let ports = &scope.ports;
            let fresh = || format!("once:{}", ulid(ports.clock.now(), &*ports.random));
            scope.outside.calls.cause(fresh)
        }
    }
}

fn bytes_of(request: &Request) -> usize {
    let headers = request.headers.iter();
    let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
    let texts = request.service.len() + request.path.len() + request.purpose.len();
    texts + headers + request.body.len()
}

/// The request within its bounds, with the service's address and credentials, and without its idempotency key.
fn ready(reach: &Reach, service: &Service, request: &Request) -> Result<OutboundRequest, Error> {
    let manifest = &service.manifest;
    let reserved = manifest.idempotency_header.as_deref();
    let url = join(service.url(), &request.path).map_err(|reason| Error::Invalid(reason.into()))?;
    if request.headers.len() > HEADERS_MAX {
        return Err(Error::Invalid(format!("more than {HEADERS_MAX} headers")));
    }
    let mut headers = request.headers.iter();
    if let Some((name, _)) = headers.find(|(name, value)| !is_header(name, value, reserved)) {
        let reason = format!("header {name:?} is malformed, too long, or the host's own");
        return Err(Error::Invalid(reason));
    }
    if request.body.len() > BODY_BYTES_MAX {
        return Err(Error::Invalid(format!(
            "a body of more than {BODY_BYTES_MAX} bytes"
        )));
    }
    if request.purpose.len() > PURPOSE_BYTES_MAX {
        return Err(Error::Invalid(format!(
            "a purpose of more than {PURPOSE_BYTES_MAX} bytes"
        )));
    }
    let authorization = reach
        .authorization(service)
        .map_err(|name| Error::Denied(format!("the operator has not set the secret {name}")))?;
    Ok(OutboundRequest {
        method: method(request.method),
        url,
        headers: request.headers.clone(),
        authorization,
        body: Bytes::from(request.body.clone()),
        timeout_ms: manifest.timeout_ms,
        allow_private: service.allow_private(),
    })
}

const fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

/// All that the guest has said, and who it is.
fn question(plugin: &str, request: &Request) -> Question {
    let head = [
        plugin,
        &request.service,
        method(request.method),
        &request.path,
        &request.purpose,
    ];
    let headers = request.headers.iter();
    let headers = headers.flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    digest(
        head.into_iter()
            .map(str::as_bytes)
            .chain([request.body.as_slice()])
            .chain(headers),
    )
}

/// Sends within the service's time and the run's.
async fn send(scope: &Scope, reach: &Reach, mut request: OutboundRequest) -> Told {
    let unsent = |reason: &str| OutboundError::Unreachable(reason.into());
    let left = scope.deadline.saturating_duration_since(Instant::now());
    let until = Instant::now()
        + Duration::from_millis(request.timeout_ms.into()).min(left.saturating_sub(REACTION));
    let slot = tokio::time::timeout_at(until.into(), reach.slots.acquire()).await;
    let _slot = slot
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| unsent("too many requests of this plugin are under way"))?;
    let left_ms = until.saturating_duration_since(Instant::now()).as_millis();
    if left_ms == 0 {
        return Err(unsent("no time is left"));
    }
    request.timeout_ms = u32::try_from(left_ms).unwrap_or(u32::MAX);
    scope.ports.outbound.send(request).await
}

fn response(answer: OutboundAnswer) -> Response {
    Response {
        status: answer.status,
        headers: answer.headers,
        body: answer.body.into(),
    }
}

fn refusal(error: OutboundError) -> Error {
    match error {
        OutboundError::Invalid(reason) => Error::Invalid(reason),
        OutboundError::Unreachable(reason) => Error::Unreachable(reason),
        OutboundError::Unknown(reason) => Error::Unknown(reason),
        OutboundError::Limit(reason) => Error::Limit(reason),
    }
}
