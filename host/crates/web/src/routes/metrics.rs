//! `GET /metrics`: Prometheus' text format, for the operator alone unless the operator wants otherwise.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, FORWARDED};
use http::request::Parts;
use sha2::{Digest as _, Sha256};
use stoa_kernel::error::Problem;
use stoa_kernel::secret::Secret;

use crate::client::{self, FORWARDED_FOR};
use crate::config::EdgeConfig;
use crate::edge::Shared;
use crate::problem::Failure;

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that the process counts.
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    head: Parts,
) -> Result<Response, Failure> {
    if !shared.config.metrics_public && !is_operator(&head, &shared.config) {
        return Err(Problem::not_found().into());
    }
    match &shared.metrics {
        Some(metrics) => Ok(([(CONTENT_TYPE, MEDIA_TYPE)], metrics.render()).into_response()),
        None => Err(Problem::internal("another metrics recorder was installed first").into()),
    }
}

/// Whoever has the token; without one, whoever is on this machine and comes through nobody else.
fn is_operator(head: &Parts, config: &EdgeConfig) -> bool {
    if !config.metrics_token.is_empty() {
        return bears(&head.headers, &config.metrics_token);
    }
    let is_through_another = [FORWARDED_FOR, FORWARDED]
        .iter()
        .any(|header| head.headers.contains_key(header));
    // The host itself has no address.
    let is_near = client::address(head, config).is_none_or(|address| address.is_loopback());
    is_near && !is_through_another
}

/// Digests are compared, so that the time it takes tells nothing of the token.
fn bears(headers: &HeaderMap, token: &Secret) -> bool {
    let line = headers.get(AUTHORIZATION).map(|line| line.as_bytes());
    let given = line.and_then(|line| line.strip_prefix(b"Bearer "));
    given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(token.expose()))
}
