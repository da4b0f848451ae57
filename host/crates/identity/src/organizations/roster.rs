//! Who is in an organisation: the one place where memberships and their counts change together.

use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::access::organization;
use super::credentials;
use super::plans::check_member;
use crate::platform::{Unit, unavailable};
use crate::records::{Account, Membership, Organization};

/// Adds a member and writes the organisation.
pub(super) async fn join(
    unit: &Unit,
    tenant: &TenantId,
    mut organization: Organization,
    account: &str,
    role: Role,
    now: Millis,
) -> Result<(), Problem> {
    let id = Membership::id(tenant, account);
    if unit.get::<Membership>(&id).await?.is_some() {
        return Err(already_member());
    }
    organization.members = organization.members.saturating_add(1);
    if role == Role::Admin {
        organization.admins = organization.admins.saturating_add(1);
    }
    let membership = Membership {
        tenant: tenant.clone(),
        account: account.to_owned(),
        role,
        created_at: now,
    };
    unit.put(&id, &membership).await.map_err(unavailable)?;
    let put = unit.put(tenant.as_str(), &organization).await;
    put.map_err(unavailable)
}

/// Takes an account out of an organisation, with the API keys that it made there and its sessions there. For
/// whoever ends an account, too.
///
/// # Errors
/// 404 when it is no member; 409 `last-admin` when nobody would be left to run the organisation.
pub async fn remove(unit: &Unit, tenant: &TenantId, account: &str) -> Result<(), Problem> {
    let id = Membership::id(tenant, account);
    let membership = member(unit, &id).await?;
    let mut organization = organization(unit, tenant).await?;
    if membership.role == Role::Admin {
        lose_admin(&mut organization)?;
    }
    organization.members = organization.members.saturating_sub(1);
    unit.delete::<Membership>(&id).await?;
    let put = unit.put(tenant.as_str(), &organization).await;
    put.map_err(unavailable)?;
    credentials::end(unit, tenant, account).await?;
    forget_home(unit, tenant, account).await
}

/// Makes an account a member of this role, or changes the role that it has.
///
/// # Errors
/// 404 when there is no such organisation; 403 `plan-limit`; 409 `last-admin`.
pub async fn appoint(
    unit: &Unit,
    tenant: &TenantId,
    account: &str,
    role: Role,
    now: Millis,
) -> Result<(), Problem> {
    let present: Option<Membership> = unit.get(&Membership::id(tenant, account)).await?;
    if present.is_some() {
        return set_role(unit, tenant, account, role).await.map(drop);
    }
    let organization = organization(unit, tenant).await?;
    check_member(&organization)?;
    join(unit, tenant, organization, account, role, now).await
}

/// Changes a member's role.
pub(super) async fn set_role(
    unit: &Unit,
    tenant: &TenantId,
    account: &str,
    role: Role,
) -> Result<Membership, Problem> {
    let id = Membership::id(tenant, account);
    let mut membership = member(unit, &id).await?;
    if membership.role == role {
        return Ok(membership);
    }
    let mut organization = organization(unit, tenant).await?;
    if membership.role == Role::Admin {
        lose_admin(&mut organization)?;
    }
    if role == Role::Admin {
        organization.admins = organization.admins.saturating_add(1);
    }
    membership.role = role;
    unit.put(&id, &membership).await.map_err(unavailable)?;
    let put = unit.put(tenant.as_str(), &organization).await;
    put.map_err(unavailable)?;
    credentials::lower(unit, tenant, account, role).await?;
    Ok(membership)
}

/// 409: the account belongs to the organisation.
pub(super) fn already_member() -> Problem {
    Problem::new(
        409,
        "already-member",
        "This address belongs to a member of the organisation.",
    )
}

async fn member(unit: &Unit, id: &str) -> Result<Membership, Problem> {
    let found = unit.get(id).await?;
    found.ok_or_else(Problem::not_found)
}

fn lose_admin(organization: &mut Organization) -> Result<(), Problem> {
    if organization.admins <= 1 {
        return Err(Problem::new(
            409,
            "last-admin",
            "The organisation needs an admin: make somebody else one first.",
        ));
    }
    organization.admins -= 1;
    Ok(())
}

/// The next sign-in leads elsewhere.
async fn forget_home(unit: &Unit, tenant: &TenantId, account: &str) -> Result<(), Problem> {
    match unit.get::<Account>(account).await? {
        Some(mut record) if record.home.as_ref() == Some(tenant) => {
            record.home = None;
            unit.put(account, &record).await.map_err(unavailable)
        }
        _ => Ok(()),
    }
}
