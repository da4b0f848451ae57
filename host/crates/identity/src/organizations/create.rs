//! New organisations.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Credential, Role};
use utoipa::ToSchema;

use super::access::person;
use super::own::OrganizationItem;
use super::{Organizations, names, roster, times};
use crate::platform::{Platform, Unit, unavailable};
use crate::records::{Account, Founder, Organization, Plan};
use crate::wire::{body, json};

/// Organisations that one account may make: each has a database of its own, and nobody pays for the first plan.
const FOUNDED_MAX: u32 = 10;

/// An organisation to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewOrganization {
    /// 1 to 100 characters.
    name: String,
}

/// Makes an organisation whose admin is `founder`, as part of the caller's unit of work; answers its tenant id.
/// Which organisation the founder's sessions work in is the caller's to say.
///
/// # Errors
/// 400 for a name that can't be; 403 `too-many-organizations`.
pub async fn found(
    platform: &Platform,
    unit: &Unit,
    founder: &str,
    name: &str,
) -> Result<TenantId, Problem> {
    let name = names::name(name)?;
    count(unit, founder).await?;
    let tenant = names::unused_id(platform, unit, &name).await?;
    let now = platform.now();
    let organization = Organization {
        name,
        plan: Plan::Free,
        plan_changed_by: None,
        settings: serde_json::Map::new(),
        members: 0,
        invitations: Default::default(),
        admins: 0,
        created_at: now,
    };
    roster::join(unit, &tenant, organization, founder, Role::Admin, now).await?;
    Ok(tenant)
}

/// `POST /api/organizations`
pub(super) async fn create(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let account = person(request)?;
    let new: NewOrganization = body(request)?;
    let platform = &service.platform;
    let new = &new;
    let made = platform.answer(request, |unit| async move {
        let is_development = account.credential == Credential::Development;
        if !is_development && unit.get::<Account>(&account.id).await?.is_none() {
            return Err(Problem::unauthenticated());
        }
        let tenant = found(platform, &unit, &account.id, &new.name).await?;
        let item = OrganizationItem {
            id: tenant.to_string(),
            name: names::name(&new.name)?,
            role: Role::Admin,
            plan: Plan::Free,
            current: false,
            joined_at: times::rfc3339(platform.now()),
        };
        json(201, &item)
    });
    made.await
}

async fn count(unit: &Unit, founder: &str) -> Result<(), Problem> {
    let mut record: Founder = unit.get(founder).await?.unwrap_or_default();
    if record.organizations >= FOUNDED_MAX {
        return Err(Problem::new(
            403,
            "too-many-organizations",
            format!("An account may make {FOUNDED_MAX} organisations."),
        ));
    }
    record.organizations += 1;
    unit.put(founder, &record).await.map_err(unavailable)
}
