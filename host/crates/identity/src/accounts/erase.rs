//! The end of an account, with everything that is the person's.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Account as Caller;
use utoipa::ToSchema;

use super::attempts::{self, Guessed};
use super::export::tenants;
use super::filters::equal;
use super::password::wrong;
use super::profile::{account, session};
use super::{Accounts, codes, login, sign_in};
use crate::news;
use crate::organizations;
use crate::platform::{Unit, unavailable};
use crate::records::{
    Account, Bound, Code, External, Founder, Invitation, Key, Membership, Organization, Record,
    Session,
};
use crate::wire::{body, nothing};

/// The password once more, where there is one: what can't be undone takes more than a borrowed device.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Erasure {
    password: Option<String>,
}

/// `DELETE /api/auth/account`
pub(super) async fn erase(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, _) = session(request)?;
    let erasure: Erasure = if request.body.is_empty() {
        Erasure::default()
    } else {
        body(request)?
    };
    prove(service, caller, erasure.password.as_deref()).await?;

    let erased = service
        .platform
        .transact(|unit| async move { end(service, &unit, &caller.id).await });
    erased.await?;
    Ok(nothing())
}

/// Ends an account within the caller's unit of work. Plugins and other parts of the host are told to forget it,
/// in each tenant where it may have left anything: an event that is handled until that is done.
///
/// # Errors
/// 401 when there is no such account; 409 `last-admin` where others would be left without an admin.
pub(super) async fn end(service: &Accounts, unit: &Unit, id: &str) -> Result<(), Problem> {
    let account: Option<Account> = unit.get(id).await?;
    let account = account.ok_or_else(Problem::unauthenticated)?;
    for tenant in tenants(service, unit, id).await? {
        news::erased(&service.platform, unit, &tenant, id)?;
    }
    leave(unit, id).await?;
    forget(unit, id, &account).await
}

async fn prove(service: &Accounts, caller: &Caller, password: Option<&str>) -> Result<(), Problem> {
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let account = account(&unit, caller).await?;
    if account.password.is_none() {
        return Ok(());
    }
    let password =
        password.ok_or_else(|| Problem::invalid("password", "Give your password once more."))?;
    let email = &account.email;
    let proof = &login::prove(service, email, password).await?;
    let admitted = service.platform.transact(|unit| async move {
        let admitted = login::admit(service, &unit, Guessed::PasswordAgain, email, proof).await?;
        Ok(admitted.is_some())
    });
    match admitted.await? {
        true => Ok(()),
        false => Err(wrong("password")),
    }
}

/// Leaves every organisation.
///
/// # Errors
/// 409 `last-admin` where others would be left without an admin.
async fn leave(unit: &Unit, id: &str) -> Result<(), Problem> {
    let memberships = unit.all::<Membership>(equal(&[("account", id)])?);
    for found in memberships.await? {
        let tenant = &found.record.tenant;
        let organization: Option<Organization> = unit.get(tenant.as_str()).await?;
        match organization {
            Some(organization) if organization.members <= 1 => {
                close(unit, tenant, organization, &found.id).await?;
            }
            Some(_) => organizations::remove(unit, tenant, id).await?,
            // A place in a tenant that is no organisation.
            None => organizations::vacate(unit, &found.record).await?,
        }
    }
    Ok(())
}

/// Leaves an organisation with nobody in it. Its record stays: the next organisation of its name must not find
/// this one's data.
async fn close(
    unit: &Unit,
    tenant: &TenantId,
    mut organization: Organization,
    membership: &str,
) -> Result<(), Problem> {
    for invitation in organization.invitations.keys() {
        unit.delete::<Invitation>(invitation).await?;
    }
    organization.invitations.clear();
    (organization.members, organization.admins) = (0, 0);
    unit.delete::<Membership>(membership).await?;
    let put = unit.put(tenant.as_str(), &organization).await;
    put.map_err(unavailable)
}

/// Deletes the account and all that hangs on it.
async fn forget(unit: &Unit, id: &str, account: &Account) -> Result<(), Problem> {
    unit.delete::<Bound>(id).await?;
    for session in sign_in::of(unit, id).await? {
        unit.delete::<Session>(&session).await?;
    }
    delete_all::<Key>(unit, id).await?;
    delete_all::<Code>(unit, id).await?;
    delete_all::<External>(unit, id).await?;
    codes::end_digits(unit, &account.email).await?;
    for guessed in [Guessed::Password, Guessed::PasswordAgain, Guessed::Code] {
        attempts::forget(unit, &attempts::id(guessed, &account.email)).await?;
    }
    unit.delete::<Founder>(id).await?;
    unit.delete::<Account>(id).await.map(drop)
}

/// Deletes everything of a kind that hangs on an account.
pub(super) async fn delete_all<R: Record>(unit: &Unit, account: &str) -> Result<(), Problem> {
    for found in unit.all::<R>(equal(&[("account", account)])?).await? {
        unit.delete::<R>(&found.id).await?;
    }
    Ok(())
}
