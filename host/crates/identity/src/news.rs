//! What the plugins of a tenant are told about its people: events of the host, raised with what they tell of.

use serde_json::{Value, json};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::personal_data::ACCOUNT_ERASED;

use crate::accounts::person::parts;
use crate::platform::{Platform, Unit};
use crate::records::Account;
use crate::times::rfc3339;

/// Somebody new. The tenant is where they begin: their organisation, or the default tenant.
pub(crate) fn registered(
    platform: &Platform,
    unit: &Unit,
    tenant: &TenantId,
    id: &str,
    account: &Account,
) -> Result<(), Problem> {
    let (first_name, _) = parts(account);
    let payload = json!({
        "userId": id, "email": account.email, "name": account.name, "firstName": first_name,
        "timestamp": rfc3339(platform.now()),
    });
    tell(platform, unit, tenant, "user.registered", id, &payload)
}

/// Somebody signed in. The tenant is where their session works.
pub(crate) fn logged_in(
    platform: &Platform,
    unit: &Unit,
    tenant: &TenantId,
    id: &str,
    account: &Account,
) -> Result<(), Problem> {
    let payload = json!({
        "userId": id, "email": account.email, "timestamp": rfc3339(platform.now()),
    });
    tell(platform, unit, tenant, "user.logged-in", id, &payload)
}

/// An address was shown to be theirs.
pub(crate) fn verified(
    platform: &Platform,
    unit: &Unit,
    tenant: &TenantId,
    id: &str,
    account: &Account,
) -> Result<(), Problem> {
    let payload = json!({
        "userId": id, "email": account.email, "timestamp": rfc3339(platform.now()),
    });
    tell(platform, unit, tenant, "user.verified", id, &payload)
}

/// An account ends: whoever keeps anything about it in the tenant forgets it.
pub(crate) fn erased(
    platform: &Platform,
    unit: &Unit,
    tenant: &TenantId,
    id: &str,
) -> Result<(), Problem> {
    tell(
        platform,
        unit,
        tenant,
        ACCOUNT_ERASED,
        id,
        &json!({ "userId": id }),
    )
}

/// What is told of one account arrives in its order.
fn tell(
    platform: &Platform,
    unit: &Unit,
    tenant: &TenantId,
    name: &str,
    id: &str,
    payload: &Value,
) -> Result<(), Problem> {
    unit.raise(platform.event(tenant, name, id, payload))
}
