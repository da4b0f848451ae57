//! `GET /openapi.json`: the API of all that is loaded at this moment.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use crate::edge::Shared;

/// The document of the current snapshot.
pub(crate) async fn show(State(shared): State<Arc<Shared>>) -> Response {
    let snapshot = shared.ports.plugins.snapshot();
    let document = shared.openapi.of(&snapshot, &shared);
    ([(CONTENT_TYPE, "application/json")], document).into_response()
}
