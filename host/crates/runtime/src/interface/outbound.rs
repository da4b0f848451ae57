//! `stoa:http/outbound`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use stoa_kernel::hex::hex;
use stoa_kernel::outbound::{
    BODY_BYTES_MAX, HEADERS_MAX, OutboundAnswer, OutboundError, OutboundRequest, PURPOSE_BYTES_MAX,
    REQUESTS_PER_RUN_MAX, is_header, join,
};
use stoa_kernel::trace::{self, SPANS};
use tokio::sync::Semaphore;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::bindings::stoa::http::outbound::{Error, Host, Method, Request, Response};
use crate::calls_out::{Asked, Question, Told, digest};
use crate::grants::Capability;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::services::{Given, Service};
use crate::state::State;

/// What is left of the run's time after an answer that does not come: enough to note that the outcome is unknown.
const REACTION: Duration = Duration::from_millis(250);

impl Host for State {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let headers = request.headers.iter();
        let header_bytes: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        let bytes = request.service.len() + request.path.len() + request.purpose.len();
        let scope = self.charge(
            Capability::HttpClient,
            bytes + header_bytes + request.body.len(),
        )?;
        let revision = Arc::clone(&self.revision);
        let Some(service) = revision.services.service(&request.service) else {
            let reason = format!("plugin.toml has no outbound.{}", request.service);
            return Ok(Err(Error::Denied(reason)));
        };
        for permission in &service.needs {
            self.require(permission)?;
        }
        let question = question(&revision.name, &request);
        let name = request.service.clone();
        let ready = match judge(&scope, &revision, service, request) {
            Ok(ready) => ready,
            Err(error) => return Ok(Err(error)),
        };
        if scope.unit.has_presumed() {
            return Err(scope.begin_again().into());
        }
        let answer = match scope.outside.calls.ask(question) {
            Asked::Before(answer) => answer,
            Asked::TooMany => Err(OutboundError::Limit(format!(
                "more than {REQUESTS_PER_RUN_MAX} requests"
            ))),
            Asked::Now(ticket) => {
                let share = revision.record.shares.of(&scope.request.tenant);
                let (core, now) = (scope.live.core(), scope.ports.clock.now());
                let answer = match core {
                    Some(core) if !share.send(&core.config.shares, now) => {
                        let reason = "the plugin has sent its requests of this minute";
                        Err(OutboundError::Limit(reason.into()))
                    }
                    _ => {
                        let span = span(&name, &revision, &scope, &ready);
                        let sent = send(&scope, &revision.outbound_slots, ready);
                        note(&span, sent.instrument(span.clone()).await)
                    }
                };
                scope.outside.calls.remember(&ticket, &answer);
                answer
            }
        };
        let answer = answer.map(told).map_err(error);
        if let Ok(answer) = &answer {
            let headers = answer.headers.iter();
            let header_bytes: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
            self.charge_bytes(header_bytes + answer.body.len())?;
        }
        Ok(answer)
    }
}

/// The request as it is sent, if it may be.
fn judge(
    scope: &Scope,
    revision: &Revision,
    service: &Service,
    request: Request,
) -> Result<OutboundRequest, Error> {
    let invalid = |reason: &str| Error::Invalid(reason.into());
    if request.purpose.len() > PURPOSE_BYTES_MAX {
        return Err(invalid("a purpose of more than 128 bytes"));
    }
    if request.body.len() > BODY_BYTES_MAX {
        return Err(invalid("a body of more than 1 MiB"));
    }
    if request.headers.len() > HEADERS_MAX {
        return Err(invalid("more than 32 headers"));
    }
    let reserved = service.idempotency_header.as_deref();
    let mut headers = request.headers;
    if let Some((name, _)) = headers
        .iter()
        .find(|(name, value)| !is_header(name, value, reserved))
    {
        return Err(Error::Invalid(format!("the header {name:?} is not taken")));
    }
    let url = join(&service.url, &request.path).map_err(invalid)?;
    let given = Given {
        layers: &revision.record.secrets,
        tenant: Some(&scope.request.tenant),
    };
    let authorization = revision.services.authorization(service, given);
    let authorization = authorization
        .map_err(|secret| Error::Denied(format!("nobody has set the secret {secret}")))?;
    if let Some(header) = reserved
        && !request.purpose.is_empty()
    {
        let key = idempotency_key(scope, &revision.name, &request.service, &request.purpose);
        headers.push((header.to_owned(), key));
    }
    Ok(OutboundRequest {
        method: word(request.method),
        url,
        headers,
        authorization,
        body: Bytes::from(request.body),
        timeout_ms: service.timeout_ms,
        allow_private: service.allow_private,
    })
}

/// What a repetition of the same run for the same purpose has in common, and nothing else has.
fn idempotency_key(scope: &Scope, plugin: &str, service: &str, purpose: &str) -> String {
    let cause = scope.cause();
    let parts = [
        scope.request.tenant.as_str(),
        plugin,
        &cause,
        service,
        purpose,
    ];
    hex(&digest(parts.map(str::as_bytes)))
}

/// All that the guest has said, and who it is.
fn question(plugin: &str, request: &Request) -> Question {
    let method = word(request.method);
    let head = [
        plugin,
        &request.service,
        method,
        &request.path,
        &request.purpose,
    ];
    let headers = request.headers.iter();
    let headers = headers.flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    let head = head.into_iter().map(str::as_bytes);
    digest(head.chain([request.body.as_slice()]).chain(headers))
}

/// Sends within the service's time and the run's, waiting for a slot included.
async fn send(scope: &Scope, slots: &Semaphore, mut request: OutboundRequest) -> Told {
    let unsent = |reason: &str| OutboundError::Unreachable(reason.into());
    let left = scope.deadline.saturating_duration_since(Instant::now());
    let most = Duration::from_millis(request.timeout_ms.into());
    let until = Instant::now() + most.min(left.saturating_sub(REACTION));
    let slot = tokio::time::timeout_at(until.into(), slots.acquire()).await;
    let Ok(Ok(_slot)) = slot else {
        return Err(unsent("too many requests of this plugin are under way"));
    };
    let left_ms = until.saturating_duration_since(Instant::now()).as_millis();
    if left_ms == 0 {
        return Err(unsent("no time is left"));
    }
    request.timeout_ms = u32::try_from(left_ms).unwrap_or(u32::MAX);
    if let Some(context) = trace::current() {
        let is_other = |name: &str| !name.eq_ignore_ascii_case(trace::HEADER);
        request.headers.retain(|(name, _)| is_other(name));
        let own = (trace::HEADER.to_owned(), context.to_string());
        request.headers.push(own);
    }
    scope.ports.outbound.send(request).await
}

/// The span of a request elsewhere. Its path may say whom it is about, and is kept out.
fn span(service: &str, revision: &Revision, scope: &Scope, request: &OutboundRequest) -> Span {
    tracing::info_span!(
        target: SPANS,
        "outbound",
        otel.name = %format_args!("{} {service}", request.method),
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = request.method,
        server.address = host(&request.url),
        http.response.status_code = Empty,
        error.type = Empty,
        stoa.service = service,
        stoa.tenant = scope.request.tenant.as_str(),
        stoa.plugin = &*revision.name,
    )
}

/// The host of an address, without its port.
fn host(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Says in its span what became of a request.
fn note(span: &Span, answer: Told) -> Told {
    match &answer {
        Ok(answer) => {
            span.record("http.response.status_code", answer.status);
            if answer.status >= 400 {
                span.record("otel.status_code", "ERROR");
            }
        }
        Err(error) => {
            let word = match error {
                OutboundError::Invalid(_) => "invalid",
                OutboundError::Unreachable(_) => "unreachable",
                OutboundError::Unknown(_) => "unknown",
                OutboundError::Limit(_) => "limit",
            };
            span.record("error.type", word);
            span.record("otel.status_code", "ERROR");
        }
    }
    answer
}

const fn word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

fn told(answer: OutboundAnswer) -> Response {
    Response {
        status: answer.status,
        headers: answer.headers,
        body: answer.body.into(),
    }
}

fn error(error: OutboundError) -> Error {
    match error {
        OutboundError::Invalid(reason) => Error::Invalid(reason),
        OutboundError::Unreachable(reason) => Error::Unreachable(reason),
        OutboundError::Unknown(reason) => Error::Unknown(reason),
        OutboundError::Limit(reason) => Error::Limit(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_host_is_told_without_all_that_may_be_secret() {
        for (url, told) in [
            ("https://api.example/v1/people/7?key=1", "api.example"),
            ("http://127.0.0.1:4242/x", "127.0.0.1"),
            ("http://[::1]:80", "[::1]"),
            ("http://[::1]/", "[::1]"),
            ("https://api.example?key=1", "api.example"),
        ] {
            assert_eq!(host(url), told, "{url}");
        }
    }
}
