//! The ledger: every movement of money is an entry whose postings sum to zero, and is never changed. What each
//! vendor has is kept beside it, and is always the sum of the entries.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;
use stoa_guest::storage::StorageError;

/// The entries. An entry's id says what it is for, so that nothing is entered twice.
pub const JOURNAL: Collection<Entry> = Collection::new("journal");

/// What vendors have, under `vendor:currency`.
pub const BALANCES: Collection<Balance> = Collection::new("balances");

/// A movement of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub kind: Kind,
    pub vendor_id: String,
    pub currency: String,
    /// They sum to zero. What a vendor is owed is credit, and negative.
    pub postings: Vec<Posting>,
    /// The order or payout that it is for.
    pub reference: String,
    /// Pieces that were sold or came back.
    pub pieces: u32,
    pub at: u64,
}

/// A part of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub account: Account,
    pub minor: i64,
}

/// Whose money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Account {
    /// What buyers have paid and the platform holds.
    Cash,
    /// What the entry's vendor is owed.
    Vendor,
    /// What the platform has earned.
    Fees,
    /// What has been promised to vendors and not yet been paid.
    Payouts,
}

/// Why money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A buyer paid.
    Sale,
    /// A buyer's money went back.
    Refund,
    /// A payout was asked for.
    Payout,
    /// It was paid.
    PayoutPaid,
    /// It was rejected.
    PayoutRejected,
}

impl Kind {
    /// The word in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Refund => "refund",
            Self::Payout => "payout",
            Self::PayoutPaid => "payout-paid",
            Self::PayoutRejected => "payout-rejected",
        }
    }
}

/// What a vendor has in one currency, in minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub vendor_id: String,
    pub currency: String,
    /// Sales before fees.
    pub gross: i64,
    /// The platform's part of them.
    pub fees: i64,
    /// What went back to buyers, before fees.
    pub refunded: i64,
    /// Asked for, and not yet paid.
    pub pending: i64,
    /// Paid.
    pub paid_out: i64,
    /// What may be asked for; less than nothing when more went back than was left.
    pub available: i64,
}

impl Entry {
    /// What the vendor's account gains by it.
    pub fn gain(&self) -> i64 {
        let own = self.postings.iter();
        let own = own.filter(|posting| posting.account == Account::Vendor);
        -own.map(|posting| posting.minor).sum::<i64>()
    }

    /// What a buyer paid or got back, before fees.
    pub fn gross(&self) -> i64 {
        let cash = self.postings.iter();
        let cash = cash.filter(|posting| posting.account == Account::Cash);
        cash.map(|posting| posting.minor).sum()
    }
}

/// Sets money aside for a payout; false, and nothing is done, if there is less.
pub fn set_aside(id: &str, entry: NewEntry<'_>, minor: i64) -> Result<bool> {
    let balance = BALANCES.get(&entry.balance_id())?.unwrap_or_default();
    if minor <= 0 || balance.available < minor {
        return Ok(false);
    }
    let postings = [(Account::Vendor, minor), (Account::Payouts, -minor)];
    entry.enter(&format!("payout:{id}"), Kind::Payout, &postings)?;
    entry.balance(|balance| {
        balance.available -= minor;
        balance.pending += minor;
    })?;
    Ok(true)
}

/// Says that what was set aside has been paid; false, and nothing is done, if buyers got more of it back than is left.
pub fn paid(id: &str, entry: NewEntry<'_>, minor: i64) -> Result<bool> {
    let balance = BALANCES.get(&entry.balance_id())?.unwrap_or_default();
    if balance.available < 0 {
        return Ok(false);
    }
    let postings = [(Account::Payouts, minor), (Account::Cash, -minor)];
    entry.enter(&format!("payout-paid:{id}"), Kind::PayoutPaid, &postings)?;
    entry.balance(|balance| {
        balance.pending -= minor;
        balance.paid_out += minor;
    })?;
    Ok(true)
}

/// Gives back what was set aside.
pub fn give_back(id: &str, entry: NewEntry<'_>, minor: i64) -> Result<()> {
    let postings = [(Account::Payouts, minor), (Account::Vendor, -minor)];
    let name = format!("payout-rejected:{id}");
    entry.enter(&name, Kind::PayoutRejected, &postings)?;
    entry.balance(|balance| {
        balance.pending -= minor;
        balance.available += minor;
    })
}

/// What an entry is about.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    pub vendor_id: &'a str,
    pub currency: &'a str,
    pub reference: &'a str,
    pub pieces: u32,
}

impl NewEntry<'_> {
    fn balance_id(&self) -> String {
        format!("{}:{}", self.vendor_id, self.currency)
    }

    /// Writes the entry; false if it is there.
    pub fn enter(&self, id: &str, kind: Kind, postings: &[(Account, i64)]) -> Result<bool> {
        let sum: i64 = postings.iter().map(|(_, minor)| minor).sum();
        if sum != 0 {
            return Err(Problem::internal(format!("the entry {id} sums to {sum}")));
        }
        let postings = postings.iter();
        let entry = Entry {
            kind,
            vendor_id: self.vendor_id.into(),
            currency: self.currency.into(),
            postings: postings
                .map(|&(account, minor)| Posting { account, minor })
                .collect(),
            reference: self.reference.into(),
            pieces: self.pieces,
            at: clock::now_ms(),
        };
        match JOURNAL.create(id, &entry) {
            Ok(_) => Ok(true),
            Err(StorageError::AlreadyExists) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes what the vendor has by what was entered.
    pub fn balance(&self, change: impl FnOnce(&mut Balance)) -> Result<()> {
        let id = self.balance_id();
        let mut balance = BALANCES.get(&id)?.unwrap_or_else(|| Balance {
            vendor_id: self.vendor_id.into(),
            currency: self.currency.into(),
            ..Balance::default()
        });
        change(&mut balance);
        BALANCES.put(&id, &balance)?;
        Ok(())
    }
}
