//! Stripe's objects, as far as they are read here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::news::{News, What};
use stoa_guest::outbound::sentence;

/// A payment intent.
#[derive(Debug, Deserialize)]
pub struct Intent {
    pub id: String,
    pub amount: i64,
    pub amount_received: Option<i64>,
    pub currency: String,
    pub status: String,
    pub client_secret: Option<String>,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// An id, or the charge itself where it was asked for.
    pub latest_charge: Option<Value>,
    pub last_payment_error: Option<Value>,
}

impl Intent {
    /// How far it is by its status.
    pub fn news(&self) -> News {
        let what = match self.status.as_str() {
            "requires_payment_method" if self.last_payment_error.is_some() => {
                What::Failed(self.decline())
            }
            "requires_action" => What::RequiresAction,
            "processing" => What::Processing,
            "requires_capture" => What::Authorized(self.id.clone()),
            "succeeded" => What::Succeeded(self.charge()),
            "canceled" => What::Canceled,
            _ => What::Nothing,
        };
        self.says(what)
    }

    /// This of the payment.
    pub fn says(&self, what: What) -> News {
        let units = match what {
            What::Succeeded(_) => self.amount_received.unwrap_or(self.amount),
            _ => self.amount,
        };
        News {
            provider_id: self.id.clone(),
            payment_id: self.metadata.get("paymentId").cloned(),
            order_id: self.metadata.get("orderId").cloned(),
            amount: Some((units, self.currency.clone())),
            what,
        }
    }

    /// The charge that the money came by.
    pub fn charge(&self) -> Option<String> {
        let charge = self.latest_charge.as_ref()?;
        let id = charge.as_str().or_else(|| charge.get("id")?.as_str());
        id.map(Into::into)
    }

    /// Why the last try was declined.
    pub fn decline(&self) -> String {
        let error = self.last_payment_error.as_ref();
        let message = error.and_then(|error| error.get("message")?.as_str());
        sentence(message.unwrap_or("The payment was declined."))
    }
}

/// A charge of which something was given back.
#[derive(Debug, Deserialize)]
pub struct Charge {
    pub id: String,
    pub payment_intent: Option<String>,
    pub amount: i64,
    pub amount_refunded: i64,
    pub currency: String,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// A refund.
#[derive(Debug, Deserialize)]
pub struct Refund {
    pub payment_intent: Option<String>,
    pub amount: i64,
    pub status: Option<String>,
    pub failure_reason: Option<String>,
}

impl Refund {
    pub fn is(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }

    pub fn is_pending(&self) -> bool {
        self.is("pending") || self.is("requires_action")
    }

    pub fn has_failed(&self) -> bool {
        self.is("failed") || self.is("canceled")
    }

    /// Why it failed.
    pub fn why(&self) -> String {
        sentence(self.failure_reason.as_deref().unwrap_or("no reason given"))
    }
}
