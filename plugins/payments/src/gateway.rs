//! The providers behind one face.

use crate::news::News;
use crate::payment::{Payment, Provider};
use crate::{razorpay, stripe};
use stoa_guest::outbound::Reply;

/// What was begun with a provider.
pub struct Opened {
    pub provider_id: String,
    pub news: News,
    /// By which the buyer's page pays it, and nobody else. Never kept.
    pub client_secret: Option<String>,
}

/// Begins a payment. Nothing is charged by that.
pub fn open(payment: &Payment) -> Reply<Opened> {
    match payment.provider {
        Provider::Stripe => stripe::api::open(payment),
        Provider::Razorpay => razorpay::api::open(payment),
    }
}

/// A payment that was begun, as its buyer's page needs it. Razorpay's needs nothing that is not known.
pub fn reopen(payment: &Payment, provider_id: &str) -> Reply<Option<Opened>> {
    match payment.provider {
        Provider::Stripe => stripe::api::reopen(provider_id).map(Some),
        Provider::Razorpay => Ok(None),
    }
}

/// How far a payment is.
pub fn news(payment: &Payment, provider_id: &str) -> Reply<News> {
    match payment.provider {
        Provider::Stripe => stripe::api::reopen(provider_id).map(|opened| opened.news),
        Provider::Razorpay => razorpay::api::news(provider_id),
    }
}

/// The payment whose beginning nobody answered to; none if the provider knows of none.
pub fn find(payment: &Payment) -> Reply<Option<News>> {
    match payment.provider {
        Provider::Stripe => stripe::api::find(payment),
        Provider::Razorpay => razorpay::api::find(payment),
    }
}

/// Fetches reserved money.
pub fn capture(payment: &Payment, charge: &str) -> Reply<News> {
    match payment.provider {
        Provider::Stripe => stripe::api::capture(payment),
        Provider::Razorpay => razorpay::api::capture(payment, charge),
    }
}

/// What has gone back so far.
pub fn refunded(payment: &Payment) -> Reply<News> {
    match payment.provider {
        Provider::Stripe => stripe::api::refunded(payment),
        Provider::Razorpay => razorpay::api::refunded(payment),
    }
}

/// Gives all of it back.
pub fn refund(payment: &Payment) -> Reply<News> {
    match payment.provider {
        Provider::Stripe => stripe::api::refund(payment),
        Provider::Razorpay => razorpay::api::refund(payment),
    }
}

/// Ends a payment that is not paid.
pub fn withdraw(payment: &Payment) -> Reply<News> {
    match payment.provider {
        Provider::Stripe => stripe::api::withdraw(payment),
        Provider::Razorpay => razorpay::api::withdraw(payment),
    }
}
