//! An organisation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_kernel::clock::Millis;
use utoipa::ToSchema;

use super::{ORGANIZATIONS, Record};

/// An organisation is a tenant; its id is the tenant's.
#[derive(Clone, Serialize, Deserialize)]
pub struct Organization {
    /// What people call it.
    pub name: String,
    /// What it pays for.
    pub plan: Plan,
    /// The id of the event that changed it last, if a plugin did: changes that are told again are none.
    #[serde(default)]
    pub plan_changed_by: Option<String>,
    /// Settings that its admins choose; free members.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Memberships, counted so that the plan's limit holds under concurrency.
    pub members: u32,
    /// When each invitation ends that has not been accepted: open ones count as members, ended ones don't.
    #[serde(default)]
    pub invitations: BTreeMap<String, Millis>,
    /// Admins, counted so that the last one can't leave.
    pub admins: u32,
    /// When it was made.
    pub created_at: Millis,
}

impl Organization {
    /// Invitations that can still be accepted.
    #[must_use]
    pub fn open_invitations(&self, now: Millis) -> u32 {
        let open = self.invitations.values().filter(|ends_at| **ends_at > now);
        u32::try_from(open.count()).unwrap_or(u32::MAX)
    }
}

/// What an organisation pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Nothing.
    Free,
    /// A small team.
    Team,
    /// A large one.
    Enterprise,
}

impl Plan {
    /// The plan's id.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Team => "team",
            Self::Enterprise => "enterprise",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Team => "Team",
            Self::Enterprise => "Enterprise",
        }
    }
}

/// What a plan allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanLimits {
    /// Members, open invitations included.
    pub members: u32,
    /// Products in the catalogue.
    pub products: u32,
    /// Requests in a minute.
    pub requests_per_minute: u32,
    /// Bytes of files, and as many of documents for each plugin.
    pub storage_bytes: u64,
    /// Test runs that run at the same time.
    pub running_tests: u32,
}

impl Record for Organization {
    const COLLECTION: (&'static str, &'static str) = (ORGANIZATIONS, "organizations");
}
