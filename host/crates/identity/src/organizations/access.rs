//! Who calls, and whether they may change anything.

use stoa_kernel::call::Request;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Credential};

use crate::platform::Unit;
use crate::records::{Membership, Organization};
use crate::wire::{caller, param};

/// Bytes of an id in a path: what accounts' ids have at most.
const ID_BYTES_MAX: usize = 128;

/// A caller within an organisation. It is the token's: what a request names otherwise gives nobody a place.
#[derive(Clone, Copy)]
pub(super) struct Insider<'r> {
    pub(super) account: &'r Account,
    pub(super) tenant: &'r TenantId,
}

impl Insider<'_> {
    /// The route has asked for the role already, but it may have been taken since. What a unit of work reads,
    /// its commit checks: of two admins who remove each other, one is too late. Development tokens have their
    /// role without a membership.
    pub(super) async fn still_admin(&self, unit: &Unit) -> Result<(), Problem> {
        if self.account.credential == Credential::Development {
            return Ok(());
        }
        let id = Membership::id(self.tenant, &self.account.id);
        match unit.get::<Membership>(&id).await? {
            Some(membership) if membership.is_acting_admin() => Ok(()),
            _ => Err(Problem::forbidden()),
        }
    }
}

/// The caller, for what only reads.
pub(super) fn insider(request: &Request) -> Result<Insider<'_>, Problem> {
    within(caller(request)?)
}

/// The caller, for what changes something.
pub(super) fn changer(request: &Request) -> Result<Insider<'_>, Problem> {
    within(person(request)?)
}

/// A caller who is no machine: who holds a key gets no further than its maker let them.
pub(super) fn person(request: &Request) -> Result<&Account, Problem> {
    let account = caller(request)?;
    refuse_key(account)?;
    Ok(account)
}

/// Keys read here and change nothing, whatever their scopes are.
pub(super) fn refuse_key(account: &Account) -> Result<(), Problem> {
    match account.credential {
        Credential::Key { .. } => Err(Problem::new(
            403,
            "forbidden",
            "An API key may read this, but not change it.",
        )),
        Credential::Development | Credential::Session(_) => Ok(()),
    }
}

fn within(account: &Account) -> Result<Insider<'_>, Problem> {
    let tenant = account.tenant.as_ref().ok_or_else(Problem::not_found)?;
    Ok(Insider { account, tenant })
}

/// An organisation.
pub(super) async fn organization(unit: &Unit, tenant: &TenantId) -> Result<Organization, Problem> {
    let found = unit.get(tenant.as_str()).await?;
    found.ok_or_else(Problem::not_found)
}

/// The id that the path names. What can't be one is as missing as any other.
pub(super) fn id(request: &Request) -> Result<&str, Problem> {
    let id = param(request, "id")?;
    let possible =
        (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    possible.then_some(id).ok_or_else(Problem::not_found)
}
