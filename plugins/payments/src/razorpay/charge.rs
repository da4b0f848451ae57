//! Razorpay's objects, as far as they are read here. What Razorpay calls a payment is a charge here: one try to pay
//! an order of Razorpay's, which is what is a payment here.

use serde::Deserialize;

use crate::news::{News, What};
use stoa_guest::outbound::sentence;

/// A try to pay an order of Razorpay's.
#[derive(Debug, Deserialize)]
pub struct Charge {
    pub id: String,
    pub order_id: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    /// Whether the money was fetched; false of what goes back without ever having been paid.
    pub captured: Option<bool>,
    #[serde(default)]
    pub amount_refunded: i64,
    pub error_description: Option<String>,
}

impl Charge {
    /// How far it is by its status. One that is refunded before it was fetched was never ours.
    pub fn what(&self) -> What {
        match self.status.as_str() {
            "authorized" => What::Authorized(self.id.clone()),
            "refunded" if self.captured == Some(false) => What::Nothing,
            "captured" | "refunded" if self.amount_refunded > 0 => self.refunded(),
            "captured" => What::Succeeded(Some(self.id.clone())),
            "failed" => What::Failed(self.decline()),
            _ => What::Nothing,
        }
    }

    /// What went back of it.
    pub fn refunded(&self) -> What {
        What::Refunded {
            charge: Some(self.id.clone()),
            units: self.amount_refunded,
        }
    }

    /// Why it was declined.
    pub fn decline(&self) -> String {
        let reason = self.error_description.as_deref();
        sentence(reason.unwrap_or("The payment was declined."))
    }

    /// This of the order that it was made for; none if it was made for none.
    pub fn says(&self, what: What) -> Option<News> {
        Some(News {
            provider_id: self.order_id.clone()?,
            payment_id: None,
            order_id: None,
            amount: Some((self.amount, self.currency.clone())),
            what,
        })
    }
}

/// An order of Razorpay's.
#[derive(Debug, Deserialize)]
pub struct Order {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    /// The payment's id.
    pub receipt: Option<String>,
}

impl Order {
    /// This of it.
    pub fn says(self, what: What) -> News {
        News {
            provider_id: self.id,
            payment_id: self.receipt,
            order_id: None,
            amount: Some((self.amount, self.currency)),
            what,
        }
    }
}

/// A refund.
#[derive(Debug, Deserialize)]
pub struct Refund {
    pub status: Option<String>,
}
