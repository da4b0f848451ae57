//! Out of an organisation, by one's own will or by an admin's.

use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;

use super::access::{changer, id};
use super::{Organizations, roster};
use crate::wire::nothing;

/// `DELETE /api/users/{id}`
pub(super) async fn remove(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = changer(request)?;
    let account = id(request)?;
    let removed = service.platform.answer(request, |unit| async move {
        caller.still_admin(&unit).await?;
        roster::remove(&unit, caller.tenant, account).await?;
        Ok(nothing())
    });
    removed.await
}

/// `POST /api/organization/leave`
pub(super) async fn leave(service: &Organizations, request: &Request) -> Result<Response, Problem> {
    let caller = changer(request)?;
    let left = service.platform.answer(request, |unit| async move {
        roster::remove(&unit, caller.tenant, &caller.account.id).await?;
        Ok(nothing())
    });
    left.await
}
