//! What a member may do.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Role;
use utoipa::ToSchema;

use super::access::{changer, id};
use super::members::MemberView;
use super::{Organizations, roster};
use crate::wire::{body, json};

/// A member's new role.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RoleChange {
    /// `admin`, `developer`, `viewer`, `vendor` or `user`.
    #[schema(value_type = String)]
    role: Role,
}

/// `PATCH /api/users/{id}/role`
pub(super) async fn change(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = changer(request)?;
    let account = id(request)?;
    let change: RoleChange = body(request)?;
    let role = of_person(change.role)?;
    let changed = service.platform.answer(request, |unit| async move {
        caller.still_admin(&unit).await?;
        let membership = roster::set_role(&unit, caller.tenant, account, role).await?;
        json(200, &MemberView::of(&unit, membership).await?)
    });
    changed.await
}

/// A role that people have.
pub(super) fn of_person(role: Role) -> Result<Role, Problem> {
    match role {
        Role::Worker => Err(Problem::invalid(
            "role",
            "This role is for API keys, not for people.",
        )),
        role => Ok(role),
    }
}
