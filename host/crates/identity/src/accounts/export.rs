//! Everything that is kept about somebody, for them to take along.

use serde::Serialize;
use serde_json::{Map, Value};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account as Caller, Role};
use utoipa::ToSchema;

use super::filters::equal;
use super::keys::{self, KeyView};
use super::profile::{account, session};
use super::sessions::{self, SessionView};
use super::view::{self, User};
use super::{Accounts, times};
use crate::platform::{Unit, unavailable};
use crate::records::{Account, External, Membership};
use crate::wire::json;

/// A person's data.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Export {
    exported_at: String,
    user: User,
    organizations: Vec<Place>,
    sessions: Vec<SessionView>,
    keys: Vec<KeyView>,
    sign_ins_elsewhere: Vec<Elsewhere>,
    /// What plugins and other parts of the host keep, by their names.
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

/// A membership.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    id: String,
    name: Option<String>,
    #[schema(value_type = String)]
    role: Role,
    joined_at: String,
}

/// An identity at another provider.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Elsewhere {
    issuer: String,
    subject: String,
    created_at: String,
}

/// `GET /api/auth/export`
pub(super) async fn export(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, current) = session(request)?;
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let account = account(&unit, caller).await?;
    let tenants = tenants(service, &unit, &caller.id).await?;
    let mut data = Map::new();
    for participant in &service.participants {
        data.extend(participant.export(&caller.id, &tenants).await?);
    }
    let keys = keys::keys(&unit, caller, None).await?;
    let export = Export {
        exported_at: times::rfc3339(service.platform.now()),
        user: {
            let tenant = caller.tenant.as_ref();
            view::user(service, &unit, &caller.id, &account, tenant).await?
        },
        organizations: places(&unit, caller).await?,
        sessions: sessions::views(&unit, caller, Some(current)).await?,
        keys: keys.into_iter().map(keys::view).collect(),
        sign_ins_elsewhere: elsewhere(&unit, caller).await?,
        data,
    };
    let mut response = json(200, &export)?;
    let disposition = "attachment; filename=\"export.json\"";
    response
        .headers
        .push(("content-disposition".into(), disposition.into()));
    Ok(response)
}

/// Where somebody may have left data: their organisations, those that they were once in, and the default tenant.
pub(super) async fn tenants(
    service: &Accounts,
    unit: &Unit,
    account: &str,
) -> Result<Vec<TenantId>, Problem> {
    let memberships = unit.all::<Membership>(equal(&[("account", account)])?);
    let memberships = memberships.await?.into_iter();
    let mut tenants: Vec<TenantId> = memberships.map(|found| found.record.tenant).collect();
    tenants.push(service.config.default_tenant.clone());
    if let Some(account) = unit.get::<Account>(account).await? {
        tenants.extend(account.former);
    }
    tenants.sort();
    tenants.dedup();
    Ok(tenants)
}

async fn places(unit: &Unit, caller: &Caller) -> Result<Vec<Place>, Problem> {
    let memberships = unit.all::<Membership>(equal(&[("account", &caller.id)])?);
    let mut places = Vec::new();
    for found in memberships.await? {
        let membership = found.record;
        let organization = view::organization(unit, Some(&membership.tenant)).await?;
        places.push(Place {
            id: membership.tenant.to_string(),
            name: organization.map(|organization| organization.name),
            role: membership.role,
            joined_at: times::rfc3339(membership.created_at),
        });
    }
    Ok(places)
}

async fn elsewhere(unit: &Unit, caller: &Caller) -> Result<Vec<Elsewhere>, Problem> {
    let externals = unit.all::<External>(equal(&[("account", &caller.id)])?);
    let externals = externals.await?.into_iter().map(|found| Elsewhere {
        issuer: found.record.issuer,
        subject: found.record.subject,
        created_at: times::rfc3339(found.record.created_at),
    });
    Ok(externals.collect())
}
