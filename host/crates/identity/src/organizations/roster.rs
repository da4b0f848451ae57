//! Who is in an organisation: the one place where memberships and their counts change together.

use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::access::organization;
use super::credentials;
use super::filters::equal;
use super::news;
use super::plans::check_member;
use crate::platform::{Ending, Unit, unavailable};
use crate::records::{Account, Invitation, Membership, Organization};

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
    let membership = Membership::new(tenant.clone(), account, role, now);
    unit.put(&id, &membership).await.map_err(unavailable)?;
    news::joined(unit, &membership);
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
    if membership.is_acting_admin() {
        lose_admin(unit, &mut organization, account).await?;
    }
    organization.members = organization.members.saturating_sub(1);
    unit.delete::<Membership>(&id).await?;
    let put = unit.put(tenant.as_str(), &organization).await;
    put.map_err(unavailable)?;
    news::left(unit, tenant, account);
    credentials::end(unit, tenant, account).await?;
    depart(unit, tenant, account).await
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

/// Gives an account a role in the default tenant, where nobody is counted.
///
/// # Errors
/// 503 when the store can't be reached.
pub async fn place(
    unit: &Unit,
    tenant: &TenantId,
    account: &str,
    role: Role,
    now: Millis,
) -> Result<(), Problem> {
    let present = unit.get(&Membership::id(tenant, account)).await?;
    let place = present.unwrap_or_else(|| Membership::new(tenant.clone(), account, role, now));
    unit.end(Ending::Account(Some(tenant.clone()), account.to_owned()));
    write(unit, &Membership { role, ..place }).await
}

/// Changes a member's role.
pub(super) async fn set_role(
    unit: &Unit,
    tenant: &TenantId,
    account: &str,
    role: Role,
) -> Result<Membership, Problem> {
    let membership = member(unit, &Membership::id(tenant, account)).await?;
    let change = Change {
        role: Some(role),
        ..Change::default()
    };
    self::change(unit, membership, &change).await
}

/// What changes about a place; absent members stay.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) name: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) suspended: Option<bool>,
    /// The event that asks for it, if one does.
    pub(super) selling_changed_by: Option<String>,
}

/// Changes a place, with the count of admins.
///
/// # Errors
/// 409 `last-admin` when nobody would be left to run the tenant.
pub(super) async fn change(
    unit: &Unit,
    before: Membership,
    change: &Change,
) -> Result<Membership, Problem> {
    let after = Membership {
        role: change.role.unwrap_or(before.role),
        suspended: change.suspended.unwrap_or(before.suspended),
        name: change.name.clone().or_else(|| before.name.clone()),
        selling_changed_by: change
            .selling_changed_by
            .clone()
            .or_else(|| before.selling_changed_by.clone()),
        ..before.clone()
    };
    if after == before {
        return Ok(after);
    }
    match (before.is_acting_admin(), after.is_acting_admin()) {
        (true, false) => lose(unit, &before).await?,
        (false, true) => gain(unit, &after.tenant).await?,
        _ => {}
    }
    write(unit, &after).await?;
    if (after.role, after.suspended) != (before.role, before.suspended) {
        moved(unit, &after).await?;
    }
    if after.role != before.role {
        credentials::lower(unit, &after.tenant, &after.account, after.role).await?;
    }
    Ok(after)
}

/// Takes somebody out of the default tenant; answers where else they belong, which is their home from now on. Whoever
/// was suspended there stays so.
///
/// # Errors
/// 409 `last-admin`.
pub(super) async fn dismiss(unit: &Unit, place: &Membership) -> Result<Option<TenantId>, Problem> {
    let (tenant, account) = (&place.tenant, &place.account);
    if place.is_acting_admin() {
        lose(unit, place).await?;
    }
    let all = unit.all::<Membership>(equal(&[("account", account)])?);
    let mut others = all.await?.into_iter().map(|found| found.record.tenant);
    let Some(elsewhere) = others.find(|other| other != tenant) else {
        return Ok(None);
    };
    let id = Membership::id(tenant, account);
    if place.suspended {
        let role = Role::User;
        let lowest = Membership {
            role,
            ..place.clone()
        };
        unit.put(&id, &lowest).await.map_err(unavailable)?;
    } else {
        unit.delete::<Membership>(&id).await?;
    }
    credentials::end(unit, tenant, account).await?;
    credentials::end_homeless(unit, account).await?;
    if let Some(mut record) = unit.get::<Account>(account).await? {
        record.appointed = place.suspended.then_some(Role::User);
        record.home.get_or_insert_with(|| elsewhere.clone());
        unit.put(account, &record).await.map_err(unavailable)?;
    }
    Ok(Some(elsewhere))
}

/// What somebody may do in a tenant is otherwise now: connections come back with that. A tenant that is no
/// organisation has no members who hear of each other.
async fn moved(unit: &Unit, place: &Membership) -> Result<(), Problem> {
    let (tenant, account) = (place.tenant.clone(), place.account.clone());
    unit.end(Ending::Account(Some(tenant), account));
    let organization = unit.get::<Organization>(place.tenant.as_str()).await?;
    if organization.is_some() {
        news::changed(unit, place);
    }
    Ok(())
}

/// Writes a place. A tenant that is no organisation finds its people by their accounts.
async fn write(unit: &Unit, place: &Membership) -> Result<(), Problem> {
    let (tenant, account) = (&place.tenant, &place.account);
    let put = unit.put(&Membership::id(tenant, account), place).await;
    put.map_err(unavailable)?;
    if unit.get::<Organization>(tenant.as_str()).await?.is_some() {
        return Ok(());
    }
    match unit.get::<Account>(account).await? {
        Some(mut record) if record.appointed != Some(place.role) => {
            record.appointed = Some(place.role);
            unit.put(account, &record).await.map_err(unavailable)
        }
        _ => Ok(()),
    }
}

/// One admin more.
async fn gain(unit: &Unit, tenant: &TenantId) -> Result<(), Problem> {
    let Some(mut organization) = unit.get::<Organization>(tenant.as_str()).await? else {
        return Ok(());
    };
    organization.admins = organization.admins.saturating_add(1);
    let put = unit.put(tenant.as_str(), &organization).await;
    put.map_err(unavailable)
}

/// One admin less. A tenant that is no organisation counts nobody: there another one has to be found.
async fn lose(unit: &Unit, place: &Membership) -> Result<(), Problem> {
    let tenant = place.tenant.as_str();
    let Some(mut organization) = unit.get::<Organization>(tenant).await? else {
        return another_admin(unit, place).await;
    };
    lose_admin(unit, &mut organization, &place.account).await?;
    unit.put(tenant, &organization).await.map_err(unavailable)
}

/// Gives up a place in a tenant that is no organisation.
///
/// # Errors
/// 409 `last-admin` when nobody would be left to run the tenant.
pub async fn vacate(unit: &Unit, place: &Membership) -> Result<(), Problem> {
    if place.is_acting_admin() {
        lose(unit, place).await?;
    }
    let id = Membership::id(&place.tenant, &place.account);
    unit.delete::<Membership>(&id).await.map(drop)
}

/// What the query finds is read once more, for that the commit checks: of two admins who take each other's role,
/// one is too late.
async fn another_admin(unit: &Unit, place: &Membership) -> Result<(), Problem> {
    let admins = [
        ("tenant", place.tenant.as_str()),
        ("role", Role::Admin.as_str()),
    ];
    for found in unit.all::<Membership>(equal(&admins)?).await? {
        let other: Option<Membership> = unit.get(&found.id).await?;
        if other.is_some_and(|other| other.account != place.account && other.is_acting_admin()) {
            return Ok(());
        }
    }
    Err(last_admin())
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

/// One admin less, whose open invitations nobody answers for any more. The caller writes the organisation.
async fn lose_admin(
    unit: &Unit,
    organization: &mut Organization,
    account: &str,
) -> Result<(), Problem> {
    if organization.admins <= 1 {
        return Err(last_admin());
    }
    organization.admins -= 1;
    let open: Vec<String> = organization.invitations.keys().cloned().collect();
    for id in open {
        let invitation: Option<Invitation> = unit.get(&id).await?;
        if invitation.is_some_and(|invitation| invitation.invited_by == account) {
            unit.delete::<Invitation>(&id).await?;
            organization.invitations.remove(&id);
        }
    }
    Ok(())
}

fn last_admin() -> Problem {
    Problem::new(
        409,
        "last-admin",
        "The organisation needs an admin: make somebody else one first.",
    )
}

/// The next sign-in leads elsewhere; what was left behind here is still to be exported and erased one day.
async fn depart(unit: &Unit, tenant: &TenantId, account: &str) -> Result<(), Problem> {
    let Some(mut record) = unit.get::<Account>(account).await? else {
        return Ok(());
    };
    record.home = record.home.filter(|home| home != tenant);
    record.former.insert(tenant.clone());
    unit.put(account, &record).await.map_err(unavailable)
}
