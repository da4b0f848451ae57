//! What speaks for an account once, for a minute.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{self, Credential, Role};

use super::{ACCOUNTS, Record};

/// What stands behind a ticket, and ends it when it ends.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bearer {
    /// A sign-in.
    Session {
        /// Whose.
        account: String,
        /// Its id.
        session: String,
    },
    /// An API key.
    Key {
        /// Its id.
        id: String,
    },
    /// A token for development, which nothing stands behind.
    Development(Developer),
}

/// Whom a token for development names.
#[derive(Clone, Serialize, Deserialize)]
pub struct Developer {
    id: String,
    email: Option<String>,
    role: Role,
    tenant: Option<TenantId>,
}

/// A ticket. Its id is the SHA-256 (hex) of the secret that its bearer shows; gone means used.
#[derive(Clone, Serialize, Deserialize)]
pub struct Ticket {
    /// What stands behind it.
    pub bearer: Bearer,
    /// When it ends.
    pub ends_at: Millis,
}

impl Record for Ticket {
    const COLLECTION: (&'static str, &'static str) = (ACCOUNTS, "tickets");

    fn expires_at(&self) -> Option<Millis> {
        Some(self.ends_at)
    }
}

impl From<&identity::Account> for Developer {
    fn from(account: &identity::Account) -> Self {
        Self {
            id: account.id.clone(),
            email: account.email.clone(),
            role: account.role,
            tenant: account.tenant.clone(),
        }
    }
}

impl From<Developer> for identity::Account {
    fn from(developer: Developer) -> Self {
        Self {
            id: developer.id,
            email: developer.email,
            role: developer.role,
            tenant: developer.tenant,
            // A ticket is for listening, where operators have no more to hear than others.
            operator: false,
            credential: Credential::Development,
        }
    }
}
