//! Razorpay: its orders, the payments made for them, their webhooks, their refunds.

pub mod api;
pub mod charge;
pub mod checkout;
pub mod webhook;
