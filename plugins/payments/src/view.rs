//! What a buyer is shown of a payment.

use serde::Serialize;
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::amounts;
use crate::payment::{Payment, Provider, Status};

/// A payment, with what the buyer's page needs to go on with it.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentView {
    pub payment_id: String,
    pub order_id: String,
    pub order_number: String,
    pub provider: Provider,
    pub status: Status,
    pub amount: Number,
    /// What of the amount has gone back; less than all of it while the payment is `succeeded`.
    pub refunded_amount: Number,
    pub currency: String,
    /// The amount as the provider counts it.
    pub amount_minor: i64,
    /// Why the last try was declined; absent once another one has paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// Stripe's payment intent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_intent_id: Option<String>,
    /// By which Stripe's page pays it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Stripe's key for the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publishable_key: Option<String>,
    /// Razorpay's order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub razorpay_order_id: Option<String>,
    /// Razorpay's key for the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub razorpay_key_id: Option<String>,
}

impl PaymentView {
    pub fn of(payment: &Payment, client_secret: Option<String>) -> Result<Self> {
        let is_payable = payment.status < Status::Canceled && payment.provider_id.is_some();
        let has_come_in = payment.status >= Status::Succeeded;
        let key = |name: &str| is_payable.then(|| settings::get::<String>(name)).flatten();
        let (mut intent, mut publishable_key) = (None, None);
        let (mut razorpay_order_id, mut razorpay_key_id) = (None, None);
        match payment.provider {
            Provider::Stripe => {
                intent = payment.provider_id.clone();
                publishable_key = key("stripe_publishable_key");
            }
            Provider::Razorpay => {
                razorpay_order_id = payment.provider_id.clone();
                razorpay_key_id = key("razorpay_key_id");
            }
        }
        Ok(Self {
            payment_id: payment.id.clone(),
            order_id: payment.order_id.clone(),
            order_number: payment.number.clone(),
            provider: payment.provider,
            status: payment.status,
            amount: payment.amount.to_major_json(),
            refunded_amount: payment.refunded().to_major_json(),
            currency: payment.amount.currency.clone(),
            amount_minor: amounts::to_provider(payment.provider, &payment.amount)?,
            failure_reason: payment.reason.clone().filter(|_| !has_come_in),
            payment_intent_id: intent,
            client_secret: client_secret.filter(|_| is_payable),
            publishable_key,
            razorpay_order_id,
            razorpay_key_id,
        })
    }

    /// 202 while nobody knows what becomes of it, else this status.
    pub fn answer(self, status: u16) -> (u16, Json<Self>) {
        let is_open = self.status == Status::Processing;
        (if is_open { 202 } else { status }, Json(self))
    }
}
