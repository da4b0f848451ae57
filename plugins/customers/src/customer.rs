//! A customer as it is stored.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::tier::{self, Tier};
use crate::{check, sales};

/// All customers. One that comes from an account has the account's id.
pub const CUSTOMERS: Collection<Customer> = Collection::new("customers");

/// A stored customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// In lower case, and nobody else's; none if another customer has the account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    /// Whose orders are the customer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// What an administrator says; goes before what the customer has spent.
    pub assigned_tier: Option<String>,
    /// The one that counts, as lists are asked for it.
    pub tier: String,
    /// What was spent when somebody looked last.
    pub spent_minor: i64,
    pub currency: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub updated_at: u64,
}

/// What an administrator writes of a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    pub email: Option<String>,
    pub name: Option<String>,
    pub tier: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
}

impl Customer {
    /// Somebody of whom nothing is known but the account.
    pub fn new(account_id: Option<String>) -> Self {
        let now = clock::now_ms();
        Self {
            account_id,
            tier: Tier::default().word().into(),
            currency: sales::currency(),
            created_at: now,
            updated_at: now,
            ..Self::default()
        }
    }

    /// What an administrator may write, as it is.
    pub fn profile(&self) -> Profile {
        Profile {
            email: self.email.clone(),
            name: self.name.clone(),
            tier: self.assigned_tier.clone(),
            phone: self.phone.clone(),
            address: self.address.clone(),
        }
    }

    /// Takes over what an administrator has written.
    pub fn rewrite(&mut self, profile: Profile) -> Result<()> {
        self.email = check::email("email", profile.email.as_deref())?;
        self.name = check::line("name", profile.name.as_deref(), check::NAME_CHARS_MAX)?;
        self.phone = check::line("phone", profile.phone.as_deref(), check::PHONE_CHARS_MAX)?;
        self.address = check::prose(
            "address",
            profile.address.as_deref(),
            check::ADDRESS_CHARS_MAX,
        )?;
        self.assigned_tier = check::line("tier", profile.tier.as_deref(), check::TIER_CHARS_MAX)?;
        self.rank();
        self.updated_at = clock::now_ms();
        Ok(())
    }

    /// Counts what was spent, and what that makes of the customer.
    pub fn count(&mut self) -> Result<()> {
        self.currency = sales::currency();
        self.spent_minor = match &self.account_id {
            Some(account) => sales::spent(account, &self.currency)?,
            None => 0,
        };
        self.rank();
        Ok(())
    }

    /// Says which tier counts.
    fn rank(&mut self) {
        self.tier = match &self.assigned_tier {
            Some(word) => tier::key(word),
            None => self.earned_tier().word().into(),
        };
    }

    /// The tier by what was spent.
    pub fn earned_tier(&self) -> Tier {
        Tier::of(self.spent_minor, &self.currency)
    }
}
