//! Events that the host raises in a guest's unit of work: what the guest asks of it beyond the tenant's own data.

use serde::Serialize;
use stoa_kernel::event::Event;
use stoa_kernel::store::StoreError;

use super::events;
use crate::revision::Revision;
use crate::scope::Scope;

/// Raises one for a plugin, of whose share it is; it happens if and only if the request commits.
pub fn raise(
    revision: &Revision,
    scope: &Scope,
    name: &str,
    key: &str,
    payload: &impl Serialize,
) -> Result<(), StoreError> {
    let payload =
        serde_json::to_value(payload).map_err(|error| StoreError::Invalid(error.to_string()))?;
    if !events::may_raise(revision, scope) {
        return Err(StoreError::Limit(events::NONE_LEFT.into()));
    }
    let (tenant, clock, random) = (
        &scope.request.tenant,
        &*scope.ports.clock,
        &*scope.ports.random,
    );
    scope.unit.raise(Event {
        // The unit is the tenant's own.
        tenant: None,
        ..Event::of_host(tenant, name, key, &payload, clock, random)
    })
}
