//! Who belongs where.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::{ORGANIZATIONS, Record};
use crate::platform::Ending;

/// An account's place in an organisation, or a role of its own in the default tenant. Its id is `<tenant>.<account>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The organisation.
    pub tenant: TenantId,
    /// The account.
    pub account: String,
    /// What it may do there.
    pub role: Role,
    /// Whoever is suspended there keeps the place and may do nothing.
    #[serde(default)]
    pub suspended: bool,
    /// What the tenant's admins call them; their own name, if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The id of the event that let them sell or not at last, if a plugin did: what is told again is no news.
    #[serde(default)]
    pub selling_changed_by: Option<String>,
    /// When it joined.
    pub created_at: Millis,
}

impl Membership {
    /// A place as it is at first.
    #[must_use]
    pub fn new(tenant: TenantId, account: impl Into<String>, role: Role, now: Millis) -> Self {
        Self {
            tenant,
            account: account.into(),
            role,
            suspended: false,
            name: None,
            selling_changed_by: None,
            created_at: now,
        }
    }

    /// Whether this is an admin who can act.
    #[must_use]
    pub fn is_acting_admin(&self) -> bool {
        self.role == Role::Admin && !self.suspended
    }

    /// The id of an account's membership.
    #[must_use]
    pub fn id(tenant: &TenantId, account: &str) -> String {
        format!("{tenant}.{account}")
    }
}

impl Record for Membership {
    const COLLECTION: (&'static str, &'static str) = (ORGANIZATIONS, "memberships");

    fn ending(id: &str) -> Option<Ending> {
        let (tenant, account) = id.split_once('.')?;
        let tenant = TenantId::parse(tenant).ok()?;
        Some(Ending::Account(Some(tenant), account.to_owned()))
    }
}
