//! The ledger: every movement of money is an entry whose postings sum to zero, and is never changed. What each
//! vendor has is kept beside it, and is always the sum of the entries.

use serde::{Deserialize, Serialize};
use stoa_guest::portion::split_growing;
use stoa_guest::prelude::*;
use stoa_guest::storage::StorageError;

/// The entries. An entry's id says what it is for, so that nothing is entered twice.
pub const JOURNAL: Collection<Entry> = Collection::new("journal");

/// What vendors have, under `vendor:currency`.
pub const BALANCES: Collection<Balance> = Collection::new("balances");

/// What has gone back of sales, under the sales' names.
pub const RETURNS: Collection<Return> = Collection::new("returns");

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

    /// The amount of a sale, and the platform's part of it.
    fn share(&self) -> Share {
        let net_minor = self.gross();
        Share {
            net_minor,
            fee_minor: net_minor - self.gain(),
        }
    }

    /// What a buyer paid or got back, before fees.
    pub fn gross(&self) -> i64 {
        let cash = self.postings.iter();
        let cash = cash.filter(|posting| posting.account == Account::Cash);
        cash.map(|posting| posting.minor).sum()
    }
}

/// A sale's amount and the platform's part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub net_minor: i64,
    pub fee_minor: i64,
}

impl Share {
    /// The platform takes this many hundredths of a percent, half a unit rounded up.
    pub fn of(net_minor: i64, fee_basis_points: u32) -> Self {
        let fee = (i128::from(net_minor) * i128::from(fee_basis_points) + 5_000) / 10_000;
        Self {
            net_minor,
            fee_minor: i64::try_from(fee).unwrap_or(net_minor).clamp(0, net_minor),
        }
    }

    /// What of the fee goes back when so much of the sale has: all of it with the last of the sale.
    fn fee_of(self, back_minor: i64) -> i64 {
        let parts = [self.fee_minor, self.net_minor - self.fee_minor];
        let back = split_growing(back_minor, &parts);
        back.first().copied().unwrap_or(0)
    }
}

/// How much of a sale has gone back. It only grows, so it does not matter how often and in which order it is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// Before fees.
    pub gross: i64,
    /// All of it, and so the pieces, too.
    pub is_whole: bool,
}

impl Return {
    /// What has gone back when both are told.
    fn and(self, other: Self) -> Self {
        Self {
            gross: self.gross.max(other.gross),
            is_whole: self.is_whole || other.is_whole,
        }
    }
}

/// Enters a sale, unless it is there. What is known to have gone back of it is taken back at once.
pub fn sale(id: &str, entry: NewEntry<'_>, share: Share) -> Result<()> {
    let Share {
        net_minor,
        fee_minor,
    } = share;
    let postings = [
        (Account::Cash, net_minor),
        (Account::Vendor, fee_minor - net_minor),
        (Account::Fees, -fee_minor),
    ];
    if !entry.enter(&format!("sale:{id}"), Kind::Sale, &postings)? {
        return Ok(());
    }
    entry.balance(|balance| {
        balance.gross += net_minor;
        balance.fees += fee_minor;
        balance.available += net_minor - fee_minor;
    })?;
    match RETURNS.get(id)? {
        Some(known) => take_back(id, entry, share, (Return::default(), known)),
        None => Ok(()),
    }
}

/// Takes back what of a sale has gone back and is not taken back yet. A sale that is not entered yet will know of it.
pub fn refund(id: &str, entry: NewEntry<'_>, told: Return) -> Result<()> {
    let before = RETURNS.get_or_default(id)?;
    let after = before.and(told);
    if after == before {
        return Ok(());
    }
    RETURNS.put(id, &after)?;
    match JOURNAL.get(&format!("sale:{id}"))? {
        Some(sale) => take_back(id, entry, sale.share(), (before, after)),
        None => Ok(()),
    }
}

/// Enters what more of a sale has gone back. The fee goes back in proportion; the pieces come back with the last of the money.
fn take_back(
    id: &str,
    entry: NewEntry<'_>,
    sale: Share,
    (before, after): (Return, Return),
) -> Result<()> {
    let (before_net, after_net) = (
        before.gross.min(sale.net_minor),
        after.gross.min(sale.net_minor),
    );
    let gross = after_net - before_net;
    let fee = sale.fee_of(after_net) - sale.fee_of(before_net);
    let (name, pieces) = match after.is_whole {
        true => (format!("refund:{id}"), entry.pieces),
        false => (format!("refund:{id}:{after_net}"), 0),
    };
    let entry = NewEntry { pieces, ..entry };
    let postings = [
        (Account::Cash, -gross),
        (Account::Vendor, gross - fee),
        (Account::Fees, fee),
    ];
    if entry.enter(&name, Kind::Refund, &postings)? {
        entry.balance(|balance| {
            balance.refunded += gross;
            balance.fees -= fee;
            balance.available -= gross - fee;
        })?;
    }
    Ok(())
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

/// Says that what was set aside has been paid.
pub fn paid(id: &str, entry: NewEntry<'_>, minor: i64) -> Result<()> {
    let postings = [(Account::Payouts, minor), (Account::Cash, -minor)];
    entry.enter(&format!("payout-paid:{id}"), Kind::PayoutPaid, &postings)?;
    entry.balance(|balance| {
        balance.pending -= minor;
        balance.paid_out += minor;
    })
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
    fn enter(&self, id: &str, kind: Kind, postings: &[(Account, i64)]) -> Result<bool> {
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

    fn balance(&self, change: impl FnOnce(&mut Balance)) -> Result<()> {
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
