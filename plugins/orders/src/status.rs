//! Where an order is on its way, and where it may go from there.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// Where an order is. It moves forward only, and may skip steps: a download is never shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for its payment or for somebody to confirm it.
    Pending,
    /// Taken on by somebody.
    Confirmed,
    /// Paid, or being made ready.
    Processing,
    /// On its way.
    Shipped,
    /// Has arrived.
    Delivered,
    /// Nothing is left to do.
    Completed,
    /// Called off before it was shipped. Stays so, also when its money has gone back.
    Cancelled,
    /// Its money has gone back, though nobody had called it off.
    Refunded,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Confirmed,
        Self::Processing,
        Self::Shipped,
        Self::Delivered,
        Self::Completed,
        Self::Cancelled,
        Self::Refunded,
    ];

    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// The status that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Whether nothing was handed over yet.
    pub fn is_before_shipping(self) -> bool {
        self < Self::Shipped
    }

    /// Whether the order ended without being fulfilled.
    pub const fn is_void(self) -> bool {
        matches!(self, Self::Cancelled | Self::Refunded)
    }

    /// Whether an order that is here, paid or not, may go there.
    pub fn may_become(self, next: Self, is_paid: bool) -> bool {
        match next {
            _ if self.is_void() => false,
            Self::Cancelled => self.is_before_shipping(),
            Self::Refunded => is_paid,
            next => next > self,
        }
    }
}

/// What is known of an order's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// Nothing came in.
    Pending,
    /// All of it came in.
    Paid,
    /// The last try failed; another may follow.
    Failed,
    /// It went back.
    Refunded,
}

impl PaymentStatus {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From each status, in the order of [`Status::ALL`]: `x` for what an unpaid order may become, `p` for what
    /// only a paid one may.
    const TABLE: [(&str, &str); 8] = [
        ("pending", ".xxxxxxp"),
        ("confirmed", "..xxxxxp"),
        ("processing", "...xxxxp"),
        ("shipped", "....xx.p"),
        ("delivered", ".....x.p"),
        ("completed", ".......p"),
        ("cancelled", "........"),
        ("refunded", "........"),
    ];

    #[test]
    fn every_pair_of_statuses_is_as_the_table_has_it() {
        for (from, (name, row)) in Status::ALL.into_iter().zip(TABLE) {
            assert_eq!(from.word(), name);
            for (next, mark) in Status::ALL.into_iter().zip(row.chars()) {
                let pair = format!("{from:?} to {next:?}");
                assert_eq!(from.may_become(next, false), mark == 'x', "unpaid {pair}");
                assert_eq!(from.may_become(next, true), mark != '.', "paid {pair}");
            }
        }
    }

    #[test]
    fn every_status_is_found_by_its_word() {
        for status in Status::ALL {
            assert_eq!(Status::from_word(status.word()), Some(status));
            assert_eq!(serde_json::json!(status), status.word());
        }
        assert_eq!(Status::from_word("Pending"), None);
        for status in [
            PaymentStatus::Pending,
            PaymentStatus::Paid,
            PaymentStatus::Failed,
            PaymentStatus::Refunded,
        ] {
            assert_eq!(serde_json::json!(status), status.word());
        }
    }
}
