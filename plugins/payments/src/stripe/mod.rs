//! Stripe: payment intents, their webhooks, their refunds.

pub mod api;
pub mod intent;
pub mod webhook;
