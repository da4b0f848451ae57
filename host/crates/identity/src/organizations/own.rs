//! The organisations that the caller belongs to.

use serde::Serialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::{Credential, Role};
use stoa_kernel::query::Filter;
use utoipa::ToSchema;

use super::filters::{equal, path};
use super::pages::{Page, asked};
use super::{Organizations, times};
use crate::platform::unavailable;
use crate::records::{Membership, Organization, Plan};
use crate::wire::{caller, json};

/// An organisation of the caller's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrganizationItem {
    pub(super) id: String,
    pub(super) name: String,
    /// What the caller is there.
    #[schema(value_type = String)]
    pub(super) role: Role,
    pub(super) plan: Plan,
    /// Whether the caller works in it right now.
    pub(super) current: bool,
    pub(super) joined_at: String,
}

/// `GET /api/organizations`
pub(super) async fn list(service: &Organizations, request: &Request) -> Result<Response, Problem> {
    let account = caller(request)?;
    let mut pairs = vec![("account", account.id.as_str())];
    // A key knows no other organisation than its own.
    if let (Credential::Key { .. }, Some(tenant)) = (&account.credential, &account.tenant) {
        pairs.push(("tenant", tenant.as_str()));
    }
    // A place in the default tenant is in no organisation.
    let default = service.config.default_tenant.as_str();
    let in_default = Filter::Eq(path("tenant")?, default.into());
    let theirs = Filter::And(vec![equal(&pairs)?, Filter::Not(Box::new(in_default))]);
    let query = asked(&request.query, theirs)?;
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let found = unit.list::<Membership>(&query).await?;
    let mut items = Vec::with_capacity(found.records.len());
    for membership in found.records {
        let membership = membership.record;
        let id = membership.tenant.as_str();
        if let Some(organization) = unit.get::<Organization>(id).await? {
            items.push(OrganizationItem {
                id: id.to_owned(),
                name: organization.name,
                role: membership.role,
                plan: organization.plan,
                current: account.tenant.as_ref() == Some(&membership.tenant),
                joined_at: times::rfc3339(membership.created_at),
            });
        }
    }
    json(
        200,
        &Page::new(&query, items, found.total, found.next_cursor),
    )
}
