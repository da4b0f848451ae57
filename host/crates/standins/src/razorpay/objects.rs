//! Razorpay's objects, as its API shows them.

use serde::Serialize;
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize)]
pub struct Order {
    pub id: String,
    pub entity: &'static str,
    pub amount: i64,
    pub amount_paid: i64,
    pub amount_due: i64,
    pub currency: String,
    pub receipt: Option<String>,
    pub offer_id: Option<String>,
    pub status: &'static str,
    pub attempts: u32,
    pub notes: Value,
    pub created_at: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Payment {
    pub id: String,
    pub entity: &'static str,
    pub amount: i64,
    pub currency: String,
    pub status: &'static str,
    pub order_id: String,
    pub invoice_id: Option<String>,
    pub international: bool,
    pub method: &'static str,
    pub amount_refunded: i64,
    pub refund_status: Option<&'static str>,
    pub captured: bool,
    pub description: Option<String>,
    pub email: &'static str,
    pub contact: &'static str,
    pub notes: Value,
    pub fee: Option<i64>,
    pub tax: Option<i64>,
    pub error_code: Option<&'static str>,
    pub error_description: Option<&'static str>,
    pub error_source: Option<&'static str>,
    pub error_step: Option<&'static str>,
    pub error_reason: Option<&'static str>,
    pub created_at: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Refund {
    pub id: String,
    pub entity: &'static str,
    pub amount: i64,
    pub currency: String,
    pub payment_id: String,
    pub notes: Value,
    pub receipt: Option<String>,
    pub acquirer_data: Value,
    pub created_at: u64,
    pub batch_id: Option<String>,
    pub status: &'static str,
    pub speed_processed: &'static str,
    pub speed_requested: &'static str,
}

/// Any object, as its API shows it.
pub fn json<T: Serialize>(object: &T) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// A list.
pub fn collection(items: &[Value]) -> Value {
    json!({"entity": "collection", "count": items.len(), "items": items})
}
