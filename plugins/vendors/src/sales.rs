//! Sales in the ledger, and what of them goes back: in parts or all at once, never more than there was.

use serde::{Deserialize, Serialize};
use stoa_guest::portion::split_growing;
use stoa_guest::prelude::*;

use crate::ledger::{Account, Entry, JOURNAL, Kind, NewEntry};

/// What has gone back of sales, under the sales' names.
const RETURNS: Collection<Return> = Collection::new("returns");

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

    /// What a sale brought.
    fn of_entry(sale: &Entry) -> Self {
        let net_minor = sale.gross();
        Self {
            net_minor,
            fee_minor: net_minor - sale.gain(),
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
pub fn enter(id: &str, entry: NewEntry<'_>, share: Share) -> Result<()> {
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
    let before = returned(id)?;
    let after = before.and(told);
    if after == before {
        return Ok(());
    }
    RETURNS.put(id, &after)?;
    match JOURNAL.get(&format!("sale:{id}"))? {
        Some(sale) => take_back(id, entry, Share::of_entry(&sale), (before, after)),
        None => Ok(()),
    }
}

/// What is known to have gone back of a sale. A ledger in which there were only whole sales to take back has no notes of it.
fn returned(id: &str) -> Result<Return> {
    if let Some(known) = RETURNS.get(id)? {
        return Ok(known);
    }
    let whole = JOURNAL.get(&format!("refund:{id}"))?;
    let whole = whole.map(|entry| Return {
        gross: -entry.gross(),
        is_whole: true,
    });
    Ok(whole.unwrap_or_default())
}

/// Enters what more of a sale has gone back. The fee goes back in proportion; the pieces come back with the last of the money.
fn take_back(
    id: &str,
    entry: NewEntry<'_>,
    sale: Share,
    (before, after): (Return, Return),
) -> Result<()> {
    let net = |of: Return| match of.is_whole {
        true => sale.net_minor,
        false => of.gross.min(sale.net_minor),
    };
    let (before_net, after_net) = (net(before), net(after));
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
