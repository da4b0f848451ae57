//! Where a session works.

use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::query::Query;

use super::Accounts;
use super::filters::{equal, oldest_first};
use super::sign_in::refused;
use crate::identity::role_in;
use crate::platform::Unit;
use crate::records::{Account, Membership};

/// Places that a sign-in looks through when the last one is gone: of so many somebody is suspended nowhere.
const PLACES_MAX: u32 = 20;

/// What an account is in a tenant; without one, in the default tenant.
pub(super) async fn role(
    service: &Accounts,
    unit: &Unit,
    account: &str,
    tenant: Option<&TenantId>,
) -> Result<Option<Role>, Problem> {
    let default = &service.config.default_tenant;
    role_in(unit, tenant.unwrap_or(default), account, default).await
}

/// The organisation that a sign-in leads to: the one that was asked for, else the one used last, else the first
/// that the account joined, else none.
///
/// # Errors
/// 403 `not-a-member` for an organisation that is missing or somebody else's; 401 when they may work nowhere.
pub(super) async fn of_sign_in(
    service: &Accounts,
    unit: &Unit,
    id: &str,
    account: &Account,
    wanted: Option<&str>,
) -> Result<Option<TenantId>, Problem> {
    if let Some(wanted) = wanted {
        let tenant = TenantId::parse(wanted).map_err(|_| not_a_member())?;
        let role = role(service, unit, id, Some(&tenant)).await?;
        role.ok_or_else(not_a_member)?;
        return Ok(Some(tenant).filter(|tenant| *tenant != service.config.default_tenant));
    }
    if let Some(home) = &account.home
        && is_member(unit, home, id).await?
    {
        return Ok(Some(home.clone()));
    }
    let query = Query {
        filter: Some(equal(&[("account", id)])?),
        sort: oldest_first()?,
        limit: PLACES_MAX,
        ..Query::default()
    };
    let (places, _) = unit.page::<Membership>(&query).await?;
    for place in places {
        let tenant = place.record.tenant;
        if tenant != service.config.default_tenant && is_member(unit, &tenant, id).await? {
            return Ok(Some(tenant));
        }
    }
    // Nowhere else, unless they are suspended there, too.
    let role = role(service, unit, id, None).await?;
    role.map(|_| None).ok_or_else(refused)
}

async fn is_member(unit: &Unit, tenant: &TenantId, account: &str) -> Result<bool, Problem> {
    let membership: Option<Membership> = unit.get(&Membership::id(tenant, account)).await?;
    Ok(membership.is_some_and(|membership| !membership.suspended))
}

fn not_a_member() -> Problem {
    Problem::new(
        403,
        "not-a-member",
        "You belong to no organisation of this name.",
    )
}
