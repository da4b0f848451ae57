//! Invitations that wait for an answer.

use serde::Serialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Role;
use utoipa::ToSchema;

use super::access::{changer, id, organization};
use super::pages::{Page, of_organization};
use super::{Organizations, times};
use crate::platform::{Stored, unavailable};
use crate::records::Invitation;
use crate::wire::{json, nothing};

/// An invitation as admins see it. Its token only the letter tells.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct InvitationView {
    id: String,
    email: String,
    #[schema(value_type = String)]
    role: Role,
    /// The account that invited.
    invited_by: String,
    created_at: String,
    expires_at: String,
}

impl From<Stored<Invitation>> for InvitationView {
    fn from(Stored { id, record }: Stored<Invitation>) -> Self {
        Self {
            id,
            email: record.email,
            role: record.role,
            invited_by: record.invited_by,
            created_at: times::rfc3339(record.created_at),
            expires_at: times::rfc3339(record.ends_at),
        }
    }
}

/// `GET /api/invitations`
pub(super) async fn list(service: &Organizations, request: &Request) -> Result<Response, Problem> {
    let (_, query, found) = of_organization::<Invitation>(service, request).await?;
    let items = found.records.into_iter().map(InvitationView::from);
    json(
        200,
        &Page::new(&query, items.collect(), found.total, found.next_cursor),
    )
}

/// `DELETE /api/invitations/{id}`
pub(super) async fn revoke(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = changer(request)?;
    let id = id(request)?;
    let revoked = service.platform.answer(request, |unit| async move {
        caller.still_admin(&unit).await?;
        match unit.get::<Invitation>(id).await? {
            Some(invitation) if invitation.tenant == *caller.tenant => {}
            _ => return Err(Problem::not_found()),
        }
        let mut organization = organization(&unit, caller.tenant).await?;
        organization.invitations.remove(id);
        unit.delete::<Invitation>(id).await?;
        let put = unit.put(caller.tenant.as_str(), &organization).await;
        put.map_err(unavailable)?;
        Ok(nothing())
    });
    revoked.await
}
