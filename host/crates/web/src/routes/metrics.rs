//! `GET /metrics`: Prometheus' text format.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use stoa_kernel::error::Problem;

use crate::edge::Shared;
use crate::problem::Failure;

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that the process counts.
pub(crate) async fn show(State(shared): State<Arc<Shared>>) -> Result<Response, Failure> {
    match &shared.metrics {
        Some(metrics) => Ok(([(CONTENT_TYPE, MEDIA_TYPE)], metrics.render()).into_response()),
        None => Err(Problem::internal("another metrics recorder was installed first").into()),
    }
}
