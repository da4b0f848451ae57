//! Payments of orders through Stripe and Razorpay.
//!
//! What a provider says of a payment, whether it answers, calls back or is asked, becomes [`news::News`], and all news
//! goes through [`progress::apply`], whose states only ever go forward. So it does not matter how often, in which
//! order or by which way it comes.

mod amounts;
mod announce;
mod cancelled;
mod confirm;
mod create;
#[cfg(test)]
mod fake_orders;
mod gateway;
mod journal;
mod news;
mod payment;
mod personal;
mod progress;
mod razorpay;
mod reconcile;
mod shares;
mod shop;
mod stripe;
mod tasks;
#[cfg(test)]
mod tests;
mod view;
mod webhooks;

use crate::cancelled::on_order_cancelled;
use crate::confirm::confirm;
use crate::create::{create_intent, pay_order};
use crate::journal::list_transactions;
use crate::personal::{forget, personal_data};
use crate::razorpay::webhook::hear_razorpay;
use crate::reconcile::reconcile;
use crate::stripe::webhook::hear_stripe;
use crate::tasks::perform;

stoa_guest::plugin!("plugin.toml");
