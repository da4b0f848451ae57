//! Who is in the caller's organisation.

use serde::Serialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Role;
use utoipa::ToSchema;

use super::pages::{Page, of_organization};
use super::{Organizations, times};
use crate::platform::Unit;
use crate::records::{Account, Membership};
use crate::wire::json;

/// A member as the others see them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemberView {
    /// The account's id.
    id: String,
    email: Option<String>,
    name: Option<String>,
    #[schema(value_type = String)]
    role: Role,
    joined_at: String,
}

impl MemberView {
    /// With address and name of the account.
    pub(super) async fn of(unit: &Unit, membership: Membership) -> Result<Self, Problem> {
        let account = unit.get::<Account>(&membership.account).await?;
        let (email, own_name) = account.map(|account| (account.email, account.name)).unzip();
        let name = membership.name.or(own_name);
        Ok(Self {
            id: membership.account,
            email,
            name,
            role: membership.role,
            joined_at: times::rfc3339(membership.created_at),
        })
    }
}

/// `GET /api/users`
pub(super) async fn list(service: &Organizations, request: &Request) -> Result<Response, Problem> {
    let (unit, query, found) = of_organization::<Membership>(service, request).await?;
    let mut items = Vec::with_capacity(found.records.len());
    for membership in found.records {
        items.push(MemberView::of(&unit, membership.record).await?);
    }
    json(
        200,
        &Page::new(&query, items, found.total, found.next_cursor),
    )
}
