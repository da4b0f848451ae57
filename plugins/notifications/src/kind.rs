//! What people are told of.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// A kind of notice. Its word is also the one by which people turn its letters off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Somebody joined.
    Welcome,
    /// An address is verified.
    AddressVerified,
    /// An order was placed.
    OrderPlaced,
    /// It was cancelled.
    OrderCancelled,
    /// Money came in.
    Receipt,
    /// It did not.
    PaymentFailed,
    /// It went back.
    Refund,
    /// What was bought can be downloaded.
    LicenceIssued,
    /// A product is on sale.
    ProductApproved,
    /// It is not.
    ProductRejected,
    /// Somebody may sell.
    VendorApproved,
    /// Somebody may not.
    VendorRejected,
    /// A payout is on its way.
    PayoutPaid,
    /// It was rejected.
    PayoutRejected,
}

impl Kind {
    /// Whether its letters come whatever one prefers: those about money, and about decisions that one has to answer.
    pub const fn is_essential(self) -> bool {
        !matches!(
            self,
            Self::Welcome | Self::AddressVerified | Self::LicenceIssued | Self::ProductApproved
        )
    }
}
