//! What speaks for a member besides themselves: it never outlasts their place nor outranks it.

use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::query::Filter;

use super::filters::{equal, path};
use crate::platform::{Unit, unavailable};
use crate::records::{Key, Session};

/// Ends the API keys that an account made in an organisation, and its sessions there.
pub(super) async fn end(unit: &Unit, tenant: &TenantId, account: &str) -> Result<(), Problem> {
    let theirs = theirs(tenant, account)?;
    for key in unit.all::<Key>(theirs.clone()).await? {
        unit.delete::<Key>(&key.id).await?;
    }
    for session in unit.all::<Session>(theirs).await? {
        unit.delete::<Session>(&session.id).await?;
    }
    Ok(())
}

/// Ends the sessions of an account that work in no organisation.
pub(super) async fn end_homeless(unit: &Unit, account: &str) -> Result<(), Problem> {
    let of_default = Filter::And(vec![
        equal(&[("account", account)])?,
        Filter::Eq(path("tenant")?, serde_json::Value::Null),
    ]);
    for session in unit.all::<Session>(of_default).await? {
        unit.delete::<Session>(&session.id).await?;
    }
    Ok(())
}

/// Gives the keys of a member no more than their new role. An admin's keys may be anything; of the other roles
/// none contains another, so a key becomes what its maker is. A machine's role stays: no person has it.
pub(super) async fn lower(
    unit: &Unit,
    tenant: &TenantId,
    account: &str,
    role: Role,
) -> Result<(), Problem> {
    if role == Role::Admin {
        return Ok(());
    }
    for mut key in unit.all::<Key>(theirs(tenant, account)?).await? {
        if key.record.role != role && key.record.role != Role::Worker {
            key.record.role = role;
            unit.put(&key.id, &key.record).await.map_err(unavailable)?;
        }
    }
    Ok(())
}

fn theirs(tenant: &TenantId, account: &str) -> Result<Filter, Problem> {
    equal(&[("account", account), ("tenant", tenant.as_str())])
}
