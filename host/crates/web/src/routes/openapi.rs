//! `GET /openapi.json`: the API of all that is loaded at this moment, for whoever asks.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, VARY};
use stoa_kernel::wit::Bearer;

use crate::auth;
use crate::edge::Shared;
use crate::problem::Failure;

/// The document of the set that serves the caller's tenant; of the deployment's for those who are not signed in: what a
/// tenant has of its own is its people's to know.
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let identity = &*shared.ports.identity;
    let account = auth::account(&headers, Bearer::Checked, identity).await?;
    let plugins = &shared.ports.plugins;
    let snapshot = match account.and_then(|account| account.tenant) {
        Some(tenant) => plugins.snapshot_for(&tenant),
        None => plugins.snapshot(),
    };
    let document = shared.openapi.of(&snapshot, &shared);
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (VARY, AUTHORIZATION.as_str()),
    ];
    Ok((headers, document).into_response())
}
