//! A person.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;

use super::{ACCOUNTS, Record};
use crate::platform::Ending;

/// A person's account: one address, one account, whatever organisations they belong to. Its id is a ULID.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// The address in lower case; unique.
    pub email: String,
    /// How they want to be called.
    pub name: String,
    /// The part of the name that is the family's, if they said so.
    #[serde(default)]
    pub last_name: Option<String>,
    /// Argon2id in PHC form; none for those who only sign in elsewhere or by code.
    pub password: Option<String>,
    /// Whether the address was shown to be theirs.
    pub verified: bool,
    /// An operator of the platform, outside of every organisation.
    #[serde(default)]
    pub operator: bool,
    /// Suspended accounts can't sign in, and nothing speaks for them.
    #[serde(default)]
    pub suspended: bool,
    /// The organisation that a sign-in leads to: the one used last.
    pub home: Option<TenantId>,
    /// The organisations that it is no longer in: what it left there is exported and erased with it.
    #[serde(default)]
    pub former: BTreeSet<TenantId>,
    /// The role that it was given in the default tenant, as its membership there says: so that lists of that
    /// tenant's people find it wherever its home is.
    #[serde(default)]
    pub appointed: Option<Role>,
    /// How often all sessions were ended: one of an earlier epoch has ended, even if it began in that moment.
    #[serde(default)]
    pub epoch: u32,
    /// When it was made.
    pub created_at: Millis,
}

impl Account {
    /// Somebody new with this address, in lower case, and this name.
    #[must_use]
    pub fn new(email: impl Into<String>, name: impl Into<String>, now: Millis) -> Self {
        Self {
            email: email.into(),
            name: name.into(),
            last_name: None,
            password: None,
            verified: false,
            operator: false,
            suspended: false,
            home: None,
            former: BTreeSet::new(),
            appointed: None,
            epoch: 0,
            created_at: now,
        }
    }
}

impl Record for Account {
    const COLLECTION: (&'static str, &'static str) = (ACCOUNTS, "accounts");

    fn ending(id: &str) -> Option<Ending> {
        Some(Ending::Account(None, id.to_owned()))
    }
}
