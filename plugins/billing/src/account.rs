//! The organisation as Stripe's customer.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

const ACCOUNTS: Collection<Account> = Collection::new("accounts");
/// There is one in each tenant.
const ID: &str = "account";

/// An organisation that has begun to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Tells it from those of all other organisations. Given along to Stripe, which gives it back with its news.
    pub id: String,
    /// Stripe's name for the organisation, `cus_…`.
    pub customer: Option<String>,
    /// How often paying was begun.
    pub checkouts: u32,
    /// The page on which somebody may be paying now.
    pub open: Option<Open>,
    /// The plan that its subscriptions gave it last.
    pub granted: Option<String>,
}

/// A page of Stripe's on which a plan can be paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Open {
    /// `cs_…`.
    pub session: String,
    pub plan: String,
    pub url: String,
    /// Seconds since 1970.
    pub expires_at_s: u64,
}

impl Account {
    /// The account; none of an organisation that never paid.
    pub fn find() -> Result<Option<Self>> {
        Ok(ACCOUNTS.get(ID)?)
    }

    /// The account, or one to begin with.
    pub fn open() -> Result<Self> {
        Ok(Self::find()?.unwrap_or_else(|| Self {
            id: random::ulid(),
            customer: None,
            checkouts: 0,
            open: None,
            granted: None,
        }))
    }

    /// Keeps it.
    pub fn save(&self) -> Result<()> {
        ACCOUNTS.put(ID, self)?;
        Ok(())
    }
}
