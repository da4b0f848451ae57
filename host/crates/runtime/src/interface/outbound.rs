//! `stoa:http/outbound`.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use stoa_kernel::hex::hex;
use stoa_kernel::outbound::{
    BODY_BYTES_MAX, HEADERS_MAX, OutboundAnswer, OutboundError, OutboundRequest, PURPOSE_BYTES_MAX,
    REQUESTS_PER_RUN_MAX, is_header, join,
};

use crate::bindings::stoa::http::outbound::{Error, Host, Method, Request, Response};
use crate::scope::Scope;
use crate::services::Service;
use crate::state::State;

impl Host for State {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let headers = request.headers.iter();
        let header_bytes: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        let bytes = request.service.len() + request.path.len() + request.purpose.len();
        let scope = self.charge(bytes + header_bytes + request.body.len())?;
        let revision = Arc::clone(&self.revision);
        let Some(service) = revision.services.service(&request.service) else {
            let reason = format!("plugin.toml has no outbound.{}", request.service);
            return Ok(Err(Error::Denied(reason)));
        };
        let ready = match judge(&scope, &revision.name, service, request) {
            Ok(ready) => ready,
            Err(error) => return Ok(Err(error)),
        };
        if !scope.budget.take_outbound() {
            let reason = format!("more than {REQUESTS_PER_RUN_MAX} requests in one run");
            return Ok(Err(Error::Limit(reason)));
        }
        let digest = digest(&ready);
        let answer = match scope.outside.replayed(&digest) {
            Some(answer) => answer,
            None => match revision.outbound_slots.acquire().await {
                Ok(_slot) => scope.ports.outbound.send(ready).await,
                Err(_) => Err(OutboundError::Unreachable("the plugin is going".into())),
            },
        };
        scope.outside.answered(digest, answer.clone());
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
    plugin: &str,
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
    let authorization = service.authorization.clone();
    let authorization = authorization
        .map_err(|secret| Error::Denied(format!("the operator has not set the secret {secret}")))?;
    if let Some(header) = reserved
        && !request.purpose.is_empty()
    {
        let key = idempotency_key(scope, plugin, &request.service, &request.purpose);
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
    hex(&hashed(&parts.map(str::as_bytes)))
}

/// What makes two requests one.
fn digest(request: &OutboundRequest) -> [u8; 32] {
    let mut parts: Vec<&[u8]> = vec![request.method.as_bytes(), request.url.as_bytes()];
    for (name, value) in &request.headers {
        parts.extend([name.as_bytes(), value.as_bytes()]);
    }
    parts.push(&request.body);
    hashed(&parts)
}

/// One digest of several texts; no two lists of texts share one.
fn hashed(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
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
