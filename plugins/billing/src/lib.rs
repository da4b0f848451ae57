//! What organisations pay for their plans, through Stripe's subscriptions.
//!
//! Stripe tells one address of all organisations of its account, and asks no questions about tenants. So what it tells
//! is believed where it names this organisation's own account here, and what it told elsewhere is found out by asking:
//! a webhook makes things quick, the review makes them certain.

mod account;
mod checkout;
mod entitlement;
mod offer;
mod review;
mod stripe;
mod subscription;
#[cfg(test)]
mod tests;
mod webhook;

use crate::checkout::check_out;
use crate::offer::list_plans;
use crate::review::review;
use crate::webhook::hear;

stoa_guest::plugin!("plugin.toml");
