//! A place that is offered.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::{ORGANIZATIONS, Record};
use crate::digest::sha256_start;

/// An invitation, bound to address, organisation and role. Its id is made from organisation and address, so
/// that there is one at most; the token that accepts it is known by its SHA-256 alone.
#[derive(Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// The organisation.
    pub tenant: TenantId,
    /// Who is invited, in lower case; unique within the organisation.
    pub email: String,
    /// What they will be.
    pub role: Role,
    /// The account that invited.
    pub invited_by: String,
    /// SHA-256 (hex) of the token; unique.
    pub token: String,
    /// When it was sent.
    pub created_at: Millis,
    /// When it ends.
    pub ends_at: Millis,
}

/// Bytes of the digest that make an id: 128 bits tell all addresses apart.
const ID_BYTES: usize = 16;

impl Invitation {
    /// The id of an address's invitation.
    #[must_use]
    pub fn id(tenant: &TenantId, email: &str) -> String {
        sha256_start(ID_BYTES, format!("{tenant}\n{email}").as_bytes())
    }
}

impl Record for Invitation {
    const COLLECTION: (&'static str, &'static str) = (ORGANIZATIONS, "invitations");

    fn expires_at(&self) -> Option<Millis> {
        Some(self.ends_at)
    }
}
