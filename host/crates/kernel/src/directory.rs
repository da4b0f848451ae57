//! The port of the directory: who belongs to a tenant, for plugins and for letters to people.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::id::TenantId;
use crate::identity::Role;
use crate::store::StoreError;

/// The event by which a plugin lets somebody of its tenant sell, or no longer: the host raises it in the plugin's
/// unit of work, and whoever keeps people's roles handles it. Its payload is a [`SellingChange`].
pub const SELLING_CHANGED: &str = "host.selling-changed";

/// What [`SELLING_CHANGED`] tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SellingChange {
    /// The account's id.
    pub account: String,
    /// Whether it is to be a vendor, or a user again.
    pub selling: bool,
}

/// Somebody of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account's id.
    pub id: String,
    /// The address in lower case.
    pub email: String,
    /// What they are called there.
    pub name: String,
    /// What they are there.
    pub role: Role,
    /// Whether the address was shown to be theirs.
    pub email_verified: bool,
    /// When they joined.
    pub joined_at: Millis,
}

/// Some of a tenant's people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// Those of the page, who joined last first.
    pub people: Vec<Person>,
    /// All that match, on every page.
    pub total: u64,
}

/// Knows the people of every tenant. Whoever is of another tenant is as unknown as who does not exist.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// Those of the ids that are the tenant's people, in the order of `ids`.
    ///
    /// # Errors
    /// When the store can't tell.
    async fn find(&self, tenant: &TenantId, ids: &[String]) -> Result<Vec<Person>, StoreError>;

    /// A page of the tenant's people, those of one role if it is given.
    ///
    /// # Errors
    /// When the store can't tell.
    async fn list(
        &self,
        tenant: &TenantId,
        role: Option<Role>,
        offset: u32,
        limit: u32,
    ) -> Result<People, StoreError>;
}
