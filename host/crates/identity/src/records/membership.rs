//! Who belongs where.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::{ORGANIZATIONS, Record};

/// An account's place in an organisation. Its id is `<tenant>.<account>`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Membership {
    /// The organisation.
    pub tenant: TenantId,
    /// The account.
    pub account: String,
    /// What it may do there.
    pub role: Role,
    /// When it joined.
    pub created_at: Millis,
}

impl Membership {
    /// The id of an account's membership.
    #[must_use]
    pub fn id(tenant: &TenantId, account: &str) -> String {
        format!("{tenant}.{account}")
    }
}

impl Record for Membership {
    const COLLECTION: (&'static str, &'static str) = (ORGANIZATIONS, "memberships");
}
