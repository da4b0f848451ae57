//! Stripe's objects, as its API shows them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

/// `metadata`.
pub type Metadata = BTreeMap<String, String>;

/// Something with an id.
pub trait Object: Serialize {
    fn id(&self) -> &str;

    /// What it was made with, if it can be found by that: a payment intent, a customer.
    fn belongs_to(&self, _field: &str) -> Option<&str> {
        None
    }

    fn created(&self) -> u64;

    fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Intent {
    pub id: String,
    pub object: &'static str,
    pub amount: i64,
    pub amount_capturable: i64,
    pub amount_received: i64,
    pub automatic_payment_methods: Value,
    pub canceled_at: Option<u64>,
    pub cancellation_reason: Option<String>,
    pub capture_method: String,
    pub client_secret: String,
    pub confirmation_method: &'static str,
    pub created: u64,
    pub currency: String,
    pub customer: Option<String>,
    pub description: Option<String>,
    pub last_payment_error: Value,
    pub latest_charge: Option<String>,
    pub livemode: bool,
    pub metadata: Metadata,
    pub next_action: Value,
    pub payment_method: Option<String>,
    pub payment_method_types: [&'static str; 1],
    pub receipt_email: Option<String>,
    pub status: &'static str,
}

impl Intent {
    /// Whether the buyer might be sent elsewhere to pay, and so has to be told where to come back to.
    pub fn may_redirect(&self) -> bool {
        self.automatic_payment_methods["enabled"] == true
            && self.automatic_payment_methods["allow_redirects"] != "never"
    }

    /// Not yet on the way.
    pub fn is_open(&self) -> bool {
        self.status.starts_with("requires_") && self.status != "requires_capture"
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Charge {
    pub id: String,
    pub object: &'static str,
    pub amount: i64,
    pub amount_captured: i64,
    pub amount_refunded: i64,
    pub captured: bool,
    pub created: u64,
    pub currency: String,
    pub customer: Option<String>,
    pub description: Option<String>,
    pub failure_code: Option<&'static str>,
    pub failure_message: Option<&'static str>,
    pub livemode: bool,
    pub metadata: Metadata,
    pub paid: bool,
    pub payment_intent: String,
    pub payment_method: String,
    pub refunded: bool,
    pub status: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub struct Refund {
    pub id: String,
    pub object: &'static str,
    pub amount: i64,
    pub charge: String,
    pub created: u64,
    pub currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<&'static str>,
    pub metadata: Metadata,
    pub payment_intent: String,
    pub reason: Option<String>,
    pub status: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub struct Customer {
    pub id: String,
    pub object: &'static str,
    pub created: u64,
    pub description: Option<String>,
    pub email: Option<String>,
    pub livemode: bool,
    pub metadata: Metadata,
    pub name: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Session {
    pub id: String,
    pub object: &'static str,
    pub amount_total: i64,
    pub cancel_url: Option<String>,
    pub client_reference_id: Option<String>,
    pub created: u64,
    pub currency: String,
    pub customer: Option<String>,
    pub customer_email: Option<String>,
    pub expires_at: u64,
    pub livemode: bool,
    pub metadata: Metadata,
    pub mode: String,
    pub payment_intent: Option<String>,
    pub payment_status: &'static str,
    pub status: &'static str,
    pub subscription: Option<String>,
    pub success_url: Option<String>,
    pub url: Option<String>,
    /// What is bought, for what comes of it.
    #[serde(skip)]
    pub price: String,
    #[serde(skip)]
    pub inner_metadata: Metadata,
}

#[derive(Debug, Clone, Serialize)]
pub struct Subscription {
    pub id: String,
    pub object: &'static str,
    pub cancel_at_period_end: bool,
    pub canceled_at: Option<u64>,
    pub created: u64,
    pub currency: String,
    pub current_period_end: u64,
    pub current_period_start: u64,
    pub customer: String,
    pub ended_at: Option<u64>,
    pub items: Value,
    pub latest_invoice: Option<String>,
    pub livemode: bool,
    pub metadata: Metadata,
    pub status: &'static str,
}

/// The items of a subscription to one price.
pub fn items(price: &str) -> Value {
    let price = json!({
        "id": price, "object": "price", "active": true, "currency": "usd", "unit_amount": super::books::PRICE_UNITS,
        "recurring": {"interval": "month", "interval_count": 1}, "type": "recurring",
    });
    let item = json!({
        "id": crate::id::fresh("si", 14), "object": "subscription_item", "price": price, "quantity": 1,
    });
    json!({"object": "list", "data": [item], "has_more": false})
}

macro_rules! objects {
    ($($kind:ident: $($name:literal => |$it:ident| $owner:expr),*;)*) => {
        $(impl Object for $kind {
            fn id(&self) -> &str {
                &self.id
            }

            fn belongs_to(&self, field: &str) -> Option<&str> {
                match field {
                    $($name => { let $it = self; $owner })*
                    _ => None,
                }
            }

            fn created(&self) -> u64 {
                self.created
            }
        })*
    };
}

objects! {
    Intent: "customer" => |it| it.customer.as_deref();
    Charge: "payment_intent" => |it| Some(&it.payment_intent), "customer" => |it| it.customer.as_deref();
    Refund: "payment_intent" => |it| Some(&it.payment_intent), "charge" => |it| Some(&it.charge);
    Customer: "email" => |it| it.email.as_deref();
    Session: "payment_intent" => |it| it.payment_intent.as_deref(), "customer" => |it| it.customer.as_deref();
    Subscription: "customer" => |it| Some(&it.customer), "status" => |it| Some(it.status);
}
