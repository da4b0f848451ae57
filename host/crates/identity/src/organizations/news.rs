//! What the members of an organisation who listen hear of it. They learn that something is otherwise, and look for
//! themselves at what they may see.

use serde_json::json;
use stoa_kernel::id::TenantId;

use crate::platform::Unit;
use crate::records::{Membership, Organization, Plan};

/// Somebody is a member now.
pub(super) fn joined(unit: &Unit, place: &Membership) {
    let payload = json!({ "userId": place.account, "role": place.role });
    unit.tell(&place.tenant, "member.joined", &payload);
}

/// Somebody is a member no longer.
pub(super) fn left(unit: &Unit, tenant: &TenantId, account: &str) {
    unit.tell(tenant, "member.left", &json!({ "userId": account }));
}

/// Somebody may do something else now, or nothing for a while.
pub(super) fn changed(unit: &Unit, place: &Membership) {
    let payload = json!({
        "userId": place.account, "role": place.role, "suspended": place.suspended,
    });
    unit.tell(&place.tenant, "member.changed", &payload);
}

/// An invitation led to a member.
pub(super) fn accepted(unit: &Unit, tenant: &TenantId, invitation: &str, account: &str) {
    let payload = json!({ "invitationId": invitation, "userId": account });
    unit.tell(tenant, "invitation.accepted", &payload);
}

/// Its name or its settings may be others now.
pub(super) fn renewed(unit: &Unit, tenant: &TenantId, organization: &Organization) {
    let payload = json!({ "name": organization.name });
    unit.tell(tenant, "organization.changed", &payload);
}

/// It has another plan.
pub(super) fn has_plan(unit: &Unit, tenant: &TenantId, plan: Plan) {
    unit.tell(tenant, "plan.changed", &json!({ "plan": plan }));
}
