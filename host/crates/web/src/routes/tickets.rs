//! `POST /api/live/tickets`: what opens one connection where no header can be sent, as in a browser.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use serde::Serialize;
use stoa_kernel::error::Problem;
use stoa_kernel::wit::Bearer;

use crate::auth::{self, RETRY_AFTER_S};
use crate::edge::Shared;
use crate::problem::Failure;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ticket {
    ticket: String,
    expires_in: u32,
}

/// Issues it for whoever the request's token speaks for, as long as that does.
pub(crate) async fn issue(
    State(shared): State<Arc<Shared>>,
    request: Request<Body>,
) -> Result<Json<Ticket>, Failure> {
    let identity = &*shared.ports.identity;
    let account = auth::account(request.headers(), Bearer::Checked, identity).await?;
    let account = account.ok_or_else(Problem::unauthenticated)?;
    let issued = identity.issue_ticket(&account).await;
    let (ticket, expires_in) =
        issued.map_err(|error| Problem::unavailable(RETRY_AFTER_S, error.to_string()))?;
    Ok(Json(Ticket { ticket, expires_in }))
}
